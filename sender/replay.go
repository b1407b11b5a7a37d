package sender

import (
	"math"
	"slices"

	jsoniter "github.com/json-iterator/go"

	"transfer/sender/queue"
)

// Replay gives the targets what a process before this one accepted and did not
// deliver. A point goes by the routing of its time: each lane of that time is owed
// what lies behind its mark, a target without marks all of it; what is owed goes to
// where the point belongs now. A backend that was not enabled then gets nothing.
//
// One goroutine uses it, before anything else is put.
type Replay struct {
	sender *Sender
	state  *State
	marks  map[string][]LaneState // by target
	pasts  []*past                // by cluster; nil: it was not enabled
	points uint64
	moved  bool
}

// Replay begins a replay of what was accepted before state was stored, and since. A nil
// state has no marks.
func (s *Sender) Replay(state *State) *Replay {
	r := &Replay{sender: s, state: state, marks: make(map[string][]LaneState)}
	if state != nil {
		for _, t := range state.Targets {
			r.marks[t.ID] = t.Lanes
		}
		r.lower()
	}
	r.Route(nil)
	return r
}

// lower makes the marks of targets for which others stood in good for what these had, too.
func (r *Replay) lower() {
	for _, t := range r.state.Targets {
		if t.StandsInFor == "" || t.IsPast() {
			continue
		}
		owner := slices.Clone(r.marks[t.StandsInFor])
		for i := range owner {
			if len(owner) == len(t.Lanes) {
				owner[i].Mark = min(owner[i].Mark, t.Lanes[i].Mark)
			}
		}
		r.marks[t.StandsInFor] = owner
	}
}

// From returns the lowest sequence number that some lane is owed, 0 if that is not
// known. A target that the state does not know came later, so it is owed nothing below;
// one that it carries along was settled before.
func (r *Replay) From() uint64 {
	if r.state == nil {
		return 0
	}
	lowest, found := uint64(math.MaxUint64), false
	for _, t := range r.state.Targets {
		if t.IsPast() {
			continue
		}
		for _, l := range t.Lanes {
			lowest, found = min(lowest, l.Mark), true
		}
	}
	if !found {
		return 0
	}
	return lowest + 1
}

// Route sets the routing by which the points that follow were placed: what Routing
// returned then. With nil, or what cannot be understood, it is taken to be that of
// now.
func (r *Replay) Route(text []byte) {
	now := routing{}
	for _, c := range r.sender.Clusters() {
		now.Backends = append(now.Backends, c.routing())
	}
	then := now
	if text != nil {
		then = routing{}
		if err := jsoniter.Unmarshal(text, &then); err != nil {
			r.sender.shared.log.Error("journal: a routing is not understood, the one of now is taken", "error", err)
			then = now
		}
	}
	r.pasts = make([]*past, len(now.Backends))
	formers := r.sender.leaving()
	for i, c := range r.sender.Clusters() {
		at := slices.IndexFunc(then.Backends, func(b backendRouting) bool { return b.Name == c.name })
		if at < 0 {
			continue
		}
		p, err := newPast(c, formers, r.layers(c.name), then.Backends[at], r.marks)
		if err != nil {
			r.sender.shared.log.Error("journal: a backend's routing makes no sense, the one of now is taken", "backend", c.name, "error", err)
			p, err = newPast(c, formers, r.layers(c.name), now.Backends[i], r.marks)
		}
		if err == nil {
			r.pasts[i] = p
		}
	}
}

// layers returns those of the state that are of the backend.
func (r *Replay) layers(backend string) (layers []LayerState) {
	if r.state == nil {
		return nil
	}
	for _, y := range r.state.Layers {
		if y.Routing.Name == backend {
			layers = append(layers, y)
		}
	}
	return layers
}

// Put gives the items of one record to the lanes that are owed them. cluster is the
// index in Clusters, the rest is as in Cluster.Put.
func (r *Replay) Put(cluster int, b *queue.Block, slots []int32) {
	p := r.pasts[cluster]
	if p == nil {
		return
	}
	points, moved := p.put(b, slots)
	r.points += uint64(points)
	if moved && !r.moved {
		r.moved = true
		r.sender.shared.moving.Store(true)
	}
}

// HasRoom is the Sender's.
func (r *Replay) HasRoom() bool { return r.sender.HasRoom() }

// Points returns how many points were put, each copy counted. They count as accepted.
func (r *Replay) Points() uint64 { return r.points }

// Moved reports whether points may have gone elsewhere than to the lane that they were
// owed to. That lane's mark says nothing of them any more: before a State is stored
// again, all points that were put must be delivered or lie in spools.
func (r *Replay) Moved() bool { return r.moved }

// Settle says that what was put is as safe as Moved asks for, and that the journal ended
// with the number last. Targets of the state that are not configured any more are owed
// nothing up to there: it raises their marks in the state.
func (r *Replay) Settle(last uint64) {
	r.sender.shared.moving.Store(false)
	if r.state == nil {
		return
	}
	now := make(map[string]bool)
	for _, t := range r.sender.targets() {
		now[t.id] = true
	}
	for _, t := range r.state.Targets {
		for i := range t.Lanes {
			if !now[t.ID] {
				t.Lanes[i].Mark = max(t.Lanes[i].Mark, last)
			}
		}
	}
}
