package trial

// kind says by which protocol a client sends.
type kind int

const (
	byRPC kind = iota
	byHTTP
	byLines
)

// way returns the way of a client that prefers a relay.
func (s *Stage) way(k kind, preferred int) Transport {
	if len(s.Relays) == 1 {
		return k.transport(s.Relay, stuck)
	}
	r := &roamer{at: preferred}
	for _, relay := range s.Relays {
		r.ways = append(r.ways, k.transport(relay, elsewhere))
	}
	return r
}

// transport returns the way to a relay.
func (k kind) transport(relay *Relay, p patience) Transport {
	port := func(choose func(p *Ports) string) func() string {
		return func() string { return choose(relay.Ports.Load()) }
	}
	switch k {
	case byHTTP:
		return newHTTPTransport(port(func(p *Ports) string { return p.HTTP }), p)
	case byLines:
		return &lineTransport{connection{address: port(func(p *Ports) string { return p.Socket }), patience: p}}
	default:
		return &rpcTransport{connection{address: port(func(p *Ports) string { return p.RPC }), patience: p}}
	}
}
