package check

import (
	"fmt"

	"transfer/g"
)

func (s *subject) telnetLoss() {
	for _, b := range s.Backends {
		if b.Protocol == "telnet" {
			s.note(b.Name+".protocol",
				"telnet has no reply: a point counts as delivered when the server's kernel has it, and what the server loses after that is lost",
				`set "protocol": "http" if the server has /api/put; it answers each call`)
		}
	}
}

// tooMuchQueue compares what all queues may take with what they share, half of
// memoryLimit.
func (s *subject) tooMuchQueue() {
	targets := 0
	var full g.Bytes
	for _, b := range s.Backends {
		n := 1 // a group
		if s.ring(b.Name) != nil {
			n = len(destinations(b))
		}
		targets += n
		full += g.Bytes(n) * b.QueueBytes
	}
	if shared := s.MemoryLimit / 2; full > shared {
		s.note("memoryLimit",
			fmt.Sprintf("%d targets with their queueBytes full take %s, but all queues share half of memoryLimit, %s: with many targets down the fullest queue loses its oldest points early",
				targets, inMiB(full), inMiB(shared)),
			"raise memoryLimit or lower queueBytes")
	}
}

func (s *subject) idleLanes() {
	for _, b := range s.Backends {
		if b.Lanes > b.MaxConns {
			s.note(b.Name+".lanes",
				fmt.Sprintf("%d lanes are asked for, each with a connection, but maxConns allows %d", b.Lanes, b.MaxConns),
				"raise maxConns or lower lanes")
		}
	}
}

func (s *subject) debugOn() {
	if !s.Debug {
		return
	}
	s.note("debug", "it is on: /debug/pprof answers on this machine, and a profile takes CPU while it runs",
		"set it to false unless you are looking for something")
}

// noMeaning names the original's keys that are read for the file's sake only.
func (s *subject) noMeaning() {
	for _, b := range s.Backends {
		if b.Retry != 0 {
			s.note(b.Name+".retry",
				"it has no meaning left: a failed call is tried until it succeeds or a limit of age or bytes is reached",
				"take it away when no original transfer reads this file any more")
		}
		if b.MaxIdle != 0 {
			s.note(b.Name+".maxIdle",
				"it has no meaning left: a lane keeps its one connection",
				"take it away when no original transfer reads this file any more")
		}
	}
}

// standIns finds backends whose nodes cannot stand in for each other, or should not.
func (s *subject) standIns() {
	for _, b := range s.Backends {
		switch {
		case b.OnDown != "failover":
		case s.ring(b.Name) == nil:
			s.note(b.Name+".onDown", "without a ring no node has series of its own that another could take", "take it away")
		case b.Name == "graph":
			s.note(b.Name+".onDown", "the query side asks the node that the ring names, and does not find what another one took",
				`set it to "wait": points wait, and no curve has a hole`)
		}
	}
}

// overflow finds backlogs that are to go to a Redis which they cannot reach.
func (s *subject) overflow() {
	for _, b := range s.Backends {
		key := b.Name + ".overflow"
		switch {
		case b.Overflow == "disk":
		case !s.Redis.Enabled && b.Overflow == "redis":
			s.note(key, "the section redis is not enabled: a backlog stays in memory, and its oldest points are dropped when that is full",
				`enable redis, or set it to "disk"`)
		case !s.Redis.Enabled:
			s.note(key, "the section redis is not enabled: backlogs go to disk alone", "enable redis, or take the key away")
		case s.Durability == "memory":
			s.note(key, `with "durability": "memory" no backlog leaves memory`, `set durability to "journal", or take the key away`)
		}
	}
}

// inMiB writes a size for people, rounded down.
func inMiB(b g.Bytes) string { return fmt.Sprintf("%d MiB", b/g.MiB) }
