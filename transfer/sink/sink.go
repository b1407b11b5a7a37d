// Package sink holds stand-ins for the receivers of points behind the relay:
// judge, graph, p8s_relay, OpenTSDB, InfluxDB and a next-hop transfer. They speak
// the real wire formats on stock libraries, lose points where the real ones do,
// count what came and can be told to fail. They serve tests, trials and
// benchmarks.
package sink

import (
	"fmt"
	"net"
	"sync"
	"time"

	"transfer/g/stat"
)

// Options of a stand-in. The zero Options are good for a test.
type Options struct {
	Name      string // shown and asked for by this name; empty: the kind
	Record    bool   // keep every point received, for Points; memory grows without bound
	MaxSeries int    // series told apart, 0: 1,000,000; points of later ones are counted as overflow
	Remember  int    // timestamps remembered per series, 0: 512; see Counts.Repeated
}

// Sink is one stand-in on one address. Its methods may be called from any
// goroutine.
type Sink struct {
	name, kind string
	discards   bool // drops points that are not newer than the last of their series

	gate   *gate
	door   *door
	series *registry
	record *recorder // nil when not recording

	calls, pings, failed                stat.Counter
	received, invalid, applied          stat.Counter
	discarded, late, repeated, overflow stat.Counter
	hasty                               stat.Counter

	faults sync.Mutex     // held while the fault changes
	work   sync.WaitGroup // the accept loop, connections, and what graph applies later
}

// Kinds returns the kinds of stand-ins that New knows, by the names of the
// sections of the configuration.
func Kinds() []string {
	return []string{"judge", "graph", "tsdb", "transfer", "p8s_relay", "influxdb"}
}

// New starts a stand-in of the kind named, see Kinds, on addr (host:port, port 0
// for a free one). The caller must Close it.
func New(kind, addr string, o Options) (*Sink, error) {
	switch kind {
	case "judge":
		return NewJudge(addr, o)
	case "graph":
		return NewGraph(addr, o)
	case "tsdb":
		return NewTSDB(addr, o)
	case "transfer":
		return NewTransfer(addr, o)
	case "p8s_relay":
		return NewP8sRelay(addr, o)
	case "influxdb":
		return NewInfluxDB(addr, o)
	}
	return nil, fmt.Errorf("cannot start a stand-in for %q: choose one of %q", kind, Kinds())
}

// open listens on addr and serves each connection by what protocol makes for the
// sink.
func open(kind, addr string, o Options, protocol func(*Sink) func(net.Conn)) (*Sink, error) {
	if o.Name == "" {
		o.Name = kind
	}
	s := &Sink{
		name: o.Name, kind: kind,
		discards: kind == "judge" || kind == "graph",
		gate:     newGate(),
		series:   newRegistry(o.MaxSeries, o.Remember),
	}
	if o.Record {
		s.record = &recorder{}
	}
	var err error
	if s.door, err = openDoor(addr, s.gate); err != nil {
		return nil, fmt.Errorf("cannot start stand-in %s: %w", o.Name, err)
	}
	serve := protocol(s)
	s.work.Go(func() {
		s.door.accept(func(c net.Conn) { s.work.Go(func() { serve(c) }) })
	})
	return s, nil
}

// Name returns the name given in the Options.
func (s *Sink) Name() string { return s.name }

// Kind returns what it stands in for, see Kinds.
func (s *Sink) Kind() string { return s.kind }

// Addr returns the address that it listens on, host:port. It stays the same
// through all faults.
func (s *Sink) Addr() string { return s.door.addr }

// Fault returns the fault that is on.
func (s *Sink) Fault() Fault { return s.gate.load().Fault }

// SetFault switches the fault at once, for open connections and calls under way
// too. Fault{} ends it. It fails when the address cannot be listened on again
// after Refuse.
func (s *Sink) SetFault(f Fault) error {
	s.faults.Lock()
	defer s.faults.Unlock()
	before := s.gate.load()
	if before.closed {
		return fmt.Errorf("cannot set fault %s: stand-in %s is closed", f, s.name)
	}
	s.gate.set(&state{Fault: f})
	was, is := before.Mode == Refuse, f.Mode == Refuse
	switch {
	case is && !was:
		return s.door.shut()
	case was && !is:
		return s.door.reopen()
	}
	return nil
}

// Close stops listening, closes every connection and waits until all is still.
// Calls that hang are abandoned, their points not received. A second Close does
// nothing.
func (s *Sink) Close() {
	s.faults.Lock()
	defer s.faults.Unlock()
	if s.gate.load().closed {
		return
	}
	s.gate.set(&state{closed: true})
	s.door.close()
	s.work.Wait()
}

// take receives the points of one call and applies them, as the fault allows. An
// error is to be answered to the client.
func (s *Sink) take(points []Point) error {
	return s.call(points, func(found []*series) { s.apply(points, found) })
}

// takeLater is take for a service that replies first: the points are applied
// after a delay, by a goroutine of their own.
func (s *Sink) takeLater(points []Point, delay time.Duration) error {
	return s.call(points, func(found []*series) {
		s.work.Go(func() {
			time.Sleep(delay)
			s.apply(points, found)
		})
	})
}

// call receives points and hands what is known of their series to apply.
func (s *Sink) call(points []Point, apply func(found []*series)) error {
	s.calls.Add(1)
	if err := s.gate.pass(); err != nil {
		s.failed.Add(1)
		return err
	}
	apply(s.receive(points))
	return s.gate.reply()
}

// ping answers as the fault says and counts.
func (s *Sink) ping() error {
	s.pings.Add(1)
	return s.gate.pass()
}

// receive notes the arrival of points and returns the series of each, nil for
// one that is not kept.
func (s *Sink) receive(points []Point) []*series {
	found := make([]*series, len(points))
	for i := range points {
		found[i] = s.series.find(&points[i])
	}
	if s.record != nil {
		s.record.add(points, found)
	}
	now := time.Now()
	var arrivals [late + 1]int
	overflow, hasty := 0, 0
	for i := range points {
		if found[i] == nil {
			overflow++
			continue
		}
		a := found[i].receive(points[i].Timestamp, s.series.remember)
		arrivals[a]++
		if s.kind == "graph" && found[i].soon(now, points[i].Timestamp, a) {
			hasty++
		}
	}
	s.hasty.Add(hasty)
	s.received.Add(len(points))
	s.repeated.Add(arrivals[repeated])
	s.late.Add(arrivals[late])
	s.overflow.Add(overflow)
	return found
}

// apply stores points as the last of their series, or discards them.
func (s *Sink) apply(points []Point, found []*series) {
	var applied, discarded int
	for i, known := range found {
		switch {
		case known == nil:
		case known.apply(&points[i], s.discards):
			applied++
		default:
			discarded++
		}
	}
	s.applied.Add(applied)
	s.discarded.Add(discarded)
}
