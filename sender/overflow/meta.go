package overflow

import (
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Meta says whose a stream is and what it holds.
type Meta struct {
	Owner  string // relay id
	Target string // of the owner; id, such as graph/graph-00/10.0.0.1:6070
	Lane   int
	Lanes  int    // of the target, when the stream was begun
	Hash   string // by which items were put into lanes
	// Encoding of the items; single entries may have another one.
	Encoding string
	// Routing is what the owner's StreamOptions.Routing gave last.
	Routing []byte
}

// Name returns the name of the stream.
func (m *Meta) Name() string { return fmt.Sprintf("%s/%s/%d", m.Owner, m.Target, m.Lane) }

// fields returns the meta's names and values.
func (m *Meta) fields() []any {
	return []any{"owner", m.Owner, "target", m.Target, "lane", m.Lane, "lanes", m.Lanes,
		"hash", m.Hash, "encoding", m.Encoding, "routing", m.Routing}
}

// metaNames are the names of fields, in parseMeta's order.
func metaNames() []string {
	return []string{"owner", "target", "lane", "lanes", "hash", "encoding", "routing"}
}

// parseMeta reads the values of metaNames.
func parseMeta(values []any) (Meta, error) {
	if len(values) < len(metaNames()) {
		return Meta{}, fmt.Errorf("cannot read whose a stream is: %d values", len(values))
	}
	text := func(i int) string { s, _ := values[i].(string); return s }
	lane, errLane := strconv.Atoi(text(2))
	lanes, errLanes := strconv.Atoi(text(3))
	m := Meta{Owner: text(0), Target: text(1), Lane: lane, Lanes: lanes, Hash: text(4), Encoding: text(5), Routing: []byte(text(6))}
	if m.Owner == "" || m.Target == "" || errLane != nil || errLanes != nil || lane < 0 || lane >= lanes {
		return Meta{}, fmt.Errorf("cannot read whose a stream is: %q", values[:6])
	}
	return m, nil
}

// keys returns the keys of the stream with the name.
func (s *Store) keys(name string) []string {
	tag := s.options.Prefix + ":{o:" + name + "}:"
	return []string{tag + "stream", tag + "meta"}
}

// registry returns the key of the set of names.
func (s *Store) registry() string { return s.options.Prefix + ":{o}:streams" }

// answer is what a script answered.
type answer struct {
	word                  string
	fence                 string
	head, end, takenUntil uint64
	bytes                 int64
	meta                  []any // of a claim
}

// parseAnswer reads the reply to a script.
func parseAnswer(cmd *redis.Cmd) (answer, error) {
	values, err := cmd.Slice()
	if err != nil {
		return answer{}, err
	}
	text := func(i int) string { s, _ := values[i].(string); return s }
	if len(values) == 1 {
		return answer{word: text(0)}, nil
	}
	if len(values) < 6 {
		return answer{}, fmt.Errorf("cannot understand what a script answered: %d values", len(values))
	}
	a := answer{word: text(0), fence: text(1), meta: values[6:]}
	for i, to := range []*uint64{&a.head, &a.end, &a.takenUntil} {
		if *to, err = strconv.ParseUint(text(2+i), 10, 63); err != nil {
			return answer{}, fmt.Errorf("cannot understand what a script answered: %w", err)
		}
	}
	if a.bytes, err = strconv.ParseInt(text(5), 10, 64); err != nil {
		return answer{}, fmt.Errorf("cannot understand what a script answered: %w", err)
	}
	return a, nil
}
