package demo

import (
	"fmt"
	"net"
	"strconv"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
)

// addresses are where the relay of the demonstration listens, host:port each.
type addresses struct {
	http, rpc, socket string
}

// free replaces each address that is in use by one with a free port of the same
// host. Whoever takes a port afterwards shows when the relay binds it.
func (a addresses) free() (addresses, error) {
	all, err := freeEach([]addresses{a})
	if err != nil {
		return addresses{}, err
	}
	return all[0], nil
}

// freeEach is free for several relays.
func freeEach(all []addresses) ([]addresses, error) {
	for i := range all {
		for _, addr := range []*string{&all[i].http, &all[i].rpc, &all[i].socket} {
			l, err := listenNear(*addr)
			if err != nil {
				return nil, err
			}
			defer func() { _ = l.Close() }() // at the end, lest a port be found twice
			*addr = l.Addr().String()
		}
	}
	return all, nil
}

// next returns the addresses of the relay that is so many behind: ports count upwards,
// but for those that are free to choose.
func (a addresses) next(by int) (addresses, error) {
	for _, addr := range []*string{&a.http, &a.rpc, &a.socket} {
		host, port, err := net.SplitHostPort(*addr)
		if err != nil {
			return addresses{}, fmt.Errorf("cannot listen on %q, write HOST:PORT: %w", *addr, err)
		}
		if n, err := strconv.Atoi(port); err == nil && n > 0 {
			*addr = net.JoinHostPort(host, strconv.Itoa(n+by))
		}
	}
	return a, nil
}

// listenNear listens on addr, or where that is in use on a free port of its host.
func listenNear(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %q, write HOST:PORT: %w", addr, err)
	}
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	if l, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, fmt.Errorf("cannot find a free port on %s: %w", host, err)
	}
	return l, nil
}

// configuration returns the relay's configuration: it listens on the addresses,
// keeps its files in dataDir and sends to the stand-ins. The least step is that of
// a second, so that no point of the agent's is aligned onto another.
func configuration(a addresses, dataDir string, s *site) (*g.Config, error) {
	listen := func(addr string) section { return section{"enabled": true, "listen": addr} }
	data, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(section{
		"minStep":    1,
		"durability": "memory", // what is shown is gone at the end
		"dataDir":    dataDir,
		"http":       listen(a.http),
		"rpc":        listen(a.rpc),
		"socket":     listen(a.socket),
		"judge":      section{"enabled": true, "cluster": s.cluster("judge")},
		"graph":      section{"enabled": true, "cluster": s.cluster("graph")},
		"tsdb":       section{"enabled": true, "address": s.address("tsdb")},
		"transfer": section{
			"enabled": true, "cluster": s.cluster("transfer"),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot compose the configuration: %w", err)
	}
	return g.Parse("demo", data)
}
