package sender

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
)

// handoff is a hand-over: for a while after a change of the ring, points of the series
// that it has moved go to their owner of before, too, so that curves and alarms have no
// hole. It ends by itself.
type handoff struct {
	routing backendRouting // of before
	ring    *ring.Ring     // likewise
	until   time.Time
	share   float64 // of all series, that it moves
	over    atomic.Bool
}

// HandoffState is what is stored of a hand-over.
type HandoffState struct {
	Routing backendRouting // of before
	Until   time.Time
}

// mostHandoffs is how many rings of before there may be at once for a backend. When there
// are more, the oldest hand-over ends early.
const mostHandoffs = 8

// handed is a hand-over as a cluster sees it.
type handed struct {
	*handoff
	nodes []int // by the node of before: the same one now, -1 if it is gone
}

// handOver makes the cluster hand series over. It comes before Slot is called.
func (c *Cluster) handOver(all []*handoff) {
	for _, h := range all {
		of := handed{handoff: h}
		for _, name := range h.ring.Nodes() {
			of.nodes = append(of.nodes, slices.Index(c.ring.Nodes(), name))
		}
		c.handoffs = append(c.handoffs, of)
	}
	if len(c.handoffs) > 0 && c.detours == nil {
		c.detours = newDetours(c)
	}
}

// to returns the node that had the series before, -1 if that is the one which has it now,
// or is gone.
func (h *handed) to(c *Cluster, hash uint32) int {
	node := h.nodes[h.ring.Node(hash)]
	if node == c.ring.Node(hash) {
		return -1
	}
	return node
}

// handed appends to key what decides on formerOwners.
func (c *Cluster) handed(key []byte, hash uint32) (_ []byte, concerned bool) {
	for i := range c.handoffs {
		node := c.handoffs[i].to(c, hash)
		key = binary.AppendVarint(key, int64(node))
		concerned = concerned || node >= 0
	}
	return key, concerned
}

// formerOwners returns the lanes of the nodes to which the series is still handed over.
func (c *Cluster) formerOwners(hash uint32) (lanes []*queue.Lane) {
	var nodes []int
	for i := range c.handoffs {
		h := &c.handoffs[i]
		node := h.to(c, hash)
		if node < 0 || h.over.Load() || slices.Contains(nodes, node) {
			continue
		}
		nodes = append(nodes, node)
		for _, t := range c.nodes[node] {
			lanes = append(lanes, t.entranceBesides(hash))
		}
	}
	return lanes
}

// handoffsAfter returns the hand-overs of a cluster that comes after one with the routing
// and the ring.
func handoffsAfter(now *Cluster, running []*handoff, routing backendRouting, before *ring.Ring, at time.Time) (all []*handoff) {
	if now.ring == nil || now.section.Handoff == 0 {
		return nil
	}
	for _, h := range running {
		if !h.over.Load() && h.until.After(at) && h.ring.Hash() == now.hash {
			all = append(all, h)
		}
	}
	if before == nil || before.Hash() != now.hash || before.Fingerprint() == now.ring.Fingerprint() {
		return all
	}
	// A ring that comes and goes is handed over from once.
	all = slices.DeleteFunc(all, func(h *handoff) bool { return h.ring.Fingerprint() == before.Fingerprint() })
	routing.Former, routing.Handoffs = nil, nil
	all = append(all, &handoff{
		routing: routing, ring: before, until: at.Add(now.section.Handoff), share: ring.Moved(before, now.ring),
	})
	return all[max(0, len(all)-mostHandoffs):]
}

// running returns the hand-overs that are not over.
func (c *Cluster) running() (all []*handoff) {
	for _, h := range c.handoffs {
		if !h.over.Load() {
			all = append(all, h.handoff)
		}
	}
	return all
}

// endHandoffs ends the hand-overs whose time has come.
func (s *Sender) endHandoffs(now time.Time) {
	for _, c := range s.Clusters() {
		ended := false
		for _, h := range c.running() {
			if !h.until.After(now) {
				h.over.Store(true)
				ended = true
				s.shared.log.Info("hand-over has ended", "backend", c.name, "share", h.share)
			}
		}
		if ended {
			c.detours.renew()
		}
	}
}

// handoffStates returns what is to be stored of the hand-overs.
func (s *Sender) handoffStates() (states []HandoffState) {
	for _, c := range s.clusters {
		for _, h := range c.running() {
			states = append(states, HandoffState{h.routing, h.until})
		}
	}
	return states
}

// takeHandoffs goes on with the hand-overs of the state, and begins one where the ring has
// changed since.
func (s *Sender) takeHandoffs(past *State) {
	if past == nil {
		return
	}
	for _, c := range s.clusters {
		if c.ring == nil {
			continue
		}
		var running []*handoff
		for _, h := range past.Handoffs {
			if r := h.Routing.buildFor(c); r != nil {
				running = append(running, &handoff{routing: h.Routing, ring: r, until: h.Until, share: ring.Moved(r, c.ring)})
			}
		}
		last := past.routingOf(c.name)
		c.handOver(handoffsAfter(c, running, last, last.buildFor(c), s.shared.now()))
	}
}

// buildFor returns the ring of the routing if it is one of the cluster's backend; nil if
// not.
func (r backendRouting) buildFor(c *Cluster) *ring.Ring {
	if r.Name != c.name || len(r.Nodes) == 0 || r.check() != nil || r.Hash != c.hash.String() {
		return nil
	}
	return r.build(c)
}

// handoffRows returns what is shown of the hand-overs.
func (c *Cluster) handoffRows() (rows []stat.Handoff) {
	for _, h := range c.running() {
		rows = append(rows, stat.Handoff{From: h.ring.Fingerprint(), Share: h.share, Until: h.until})
	}
	return rows
}
