package sender

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

func TestSectionErrors(t *testing.T) {
	nodes := func(name string, addresses ...string) *g.Backend {
		return &g.Backend{Nodes: []g.Node{{Name: name, Addresses: addresses}}}
	}
	tests := []struct {
		kind    string
		section *g.Backend
		want    string
	}{
		{"graph", &g.Backend{}, `graph.cluster: no node; name at least one, such as "graph-00": "host:6070"`},
		{"judge", &g.Backend{}, `judge.cluster: no node; name at least one, such as "judge-00": "host:6080"`},
		{"transfer", &g.Backend{}, `transfer.cluster: no node; name at least one, such as "transfer-00": "host:8433"`},
		{"p8s_relay", &g.Backend{}, `p8s_relay.cluster: no node; name at least one, such as "p8s_relay-00": "host:8080"`},
		{"graph", nodes(""), `graph.cluster: a node without a name; name it, such as "graph-00"`},
		{"graph", nodes("g1"), `graph.cluster.g1: no address; give one, such as "host:6070", or several with commas between`},
		{"graph", nodes("g1", "a:1", ""), `graph.cluster.g1: no address; give one, such as "host:6070"`},
		{"graph", nodes("g1", "h1"), `graph.cluster.g1: "h1" is no host and port; write them such as "host:6070"`},
		{"graph", nodes("g1", "h1:"), `graph.cluster.g1: "h1:" is no host and port; write them such as "host:6070"`},
		{"graph", nodes("g1", "h1:65536"), `graph.cluster.g1: "h1:65536" is no host and port; write them such as "host:6070"`},
		{"tsdb", &g.Backend{}, `tsdb.address: no address; give one, such as "host:4242"`},
		{"tsdb", &g.Backend{Address: "http://h"}, `tsdb.address: "http://h" is no host and port; write them such as "host:4242"`},
		{"tsdb", &g.Backend{Address: "user:secret@h:1"}, `tsdb.address: "h:1" is no host and port; write them such as "host:4242"`},
		{"influxdb", &g.Backend{}, `influxdb.address: no usable URL; write one, such as "http://host:8086"`},
		{"influxdb", &g.Backend{Address: "host:8086"}, `influxdb.address: no usable URL; write one, such as "http://host:8086"`},
		{"influxdb", &g.Backend{Address: "ftp://u:secret@host"}, `influxdb.address: no usable URL; write one, such as "http://host:8086"`},
		{"influxdb", &g.Backend{Address: "http://h:8086?db=x"}, `influxdb.address: leave out what follows the "?" of the URL; the relay adds its own`},
		{"influxdb", &g.Backend{Address: "http://h:8086"}, `influxdb.db: no database; name one, such as "falcon"`},
	}
	for _, test := range tests {
		test.section.Name = test.kind
		for _, k := range kinds() {
			if k.name == test.kind {
				_, err := k.build(test.section, 30)
				require.EqualError(t, err, test.want)
			}
		}
	}
}
