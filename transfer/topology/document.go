package topology

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
)

// Document is one version of the topology. It never changes once it is decoded or made by
// From.
type Document struct {
	Version     uint64 // 0: not set yet
	ID          string // tells documents of one version apart
	Parent      string // the id of the version that it was made of; empty: none
	EffectiveAt int64  // from when it holds, Redis' clock, Unix milliseconds
	At          int64  // when it was set, likewise
	By          string // who did: user@host
	Note        string
	Forced      bool // it holds also where it moves more than maxMove allows

	rings *g.Config // the sections of the backends that have one, nothing else of it counts
}

// Backends returns the sections that the document names, of which hash, replicas and
// nodes count. They are not to be changed.
func (d *Document) Backends() []*g.Backend { return d.rings.Backends }

// Config returns a configuration of the document's backends alone, with the defaults for
// all else.
func (d *Document) Config() *g.Config { return d.rings }

// The bounds of a document. One of 1,000 nodes takes about 50 KB.
const (
	maxBytes = 8 << 20
	maxWords = 1024 // bytes of id, parent, by and note each
)

// wire is the document as JSON.
type wire struct {
	Version     uint64              `json:"version"`
	ID          string              `json:"id"`
	Parent      string              `json:"parent,omitempty"`
	EffectiveAt int64               `json:"effectiveAt"`
	At          int64               `json:"at"`
	By          string              `json:"by,omitempty"`
	Note        string              `json:"note,omitempty"`
	Forced      bool                `json:"forced,omitempty"`
	Backends    map[string]wireRing `json:"backends"`
}

// wireRing is the ring of one backend as JSON.
type wireRing struct {
	Hash     string            `json:"hash"`
	Replicas int               `json:"replicas"`
	Cluster  map[string]string `json:"cluster"` // addresses by node, joined by commas
}

// MarshalJSON writes the document as Decode reads it.
func (d *Document) MarshalJSON() ([]byte, error) {
	w := wire{
		Version: d.Version, ID: d.ID, Parent: d.Parent, EffectiveAt: d.EffectiveAt, At: d.At,
		By: d.By, Note: d.Note, Forced: d.Forced, Backends: make(map[string]wireRing),
	}
	for _, b := range d.Backends() {
		r := wireRing{Hash: b.Hash, Replicas: b.Replicas, Cluster: make(map[string]string)}
		for _, node := range b.Nodes {
			r.Cluster[node.Name] = strings.Join(node.Addresses, ",")
		}
		w.Backends[b.Name] = r
	}
	return jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(w)
}

// Decode reads a document that was set. Its rings are checked as those of a configuration
// file are.
func Decode(text []byte) (*Document, error) {
	d, err := decode(text)
	if err == nil && (d.Version == 0 || d.ID == "" || d.EffectiveAt <= 0) {
		err = errors.New("it lacks version, id or effectiveAt; set it with transfer topology set")
	}
	if err != nil {
		return nil, &unusableError{err}
	}
	return d, nil
}

// unusableError is the error of a document that cannot be used, however often it is read.
type unusableError struct{ cause error }

func (e *unusableError) Error() string { return "cannot use the topology: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *unusableError) Unwrap() error { return e.cause }

// decode reads a document that may not be set yet.
func decode(text []byte) (*Document, error) {
	if len(text) > maxBytes {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(text), maxBytes)
	}
	var w wire
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf("it is no topology: %w", err)
	}
	for _, words := range []string{w.ID, w.Parent, w.By, w.Note} {
		if len(words) > maxWords {
			return nil, fmt.Errorf("id, parent, by or note is longer than %d bytes", maxWords)
		}
	}
	if strings.ContainsFunc(w.ID, func(r rune) bool { return r <= ' ' }) {
		return nil, fmt.Errorf("id %q has a space in it", w.ID)
	}
	rings, err := w.read()
	if err != nil {
		return nil, err
	}
	return &Document{
		Version: w.Version, ID: w.ID, Parent: w.Parent, EffectiveAt: w.EffectiveAt, At: w.At,
		By: w.By, Note: w.Note, Forced: w.Forced, rings: rings,
	}, nil
}

// read checks the rings by the rules of the file.
func (w *wire) read() (*g.Config, error) {
	if len(w.Backends) == 0 {
		return nil, errors.New("it names no backend: give at least one that has a ring, such as graph")
	}
	sections := make(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(w.Backends)) {
		r := w.Backends[name]
		switch {
		case !g.HasRing(name):
			return nil, fmt.Errorf("%q is no backend with a ring; take it out", name)
		case len(r.Cluster) == 0:
			return nil, fmt.Errorf("%s.cluster: a ring needs at least one node", name)
		}
		sections[name] = map[string]any{"enabled": true, "hash": r.Hash, "replicas": r.Replicas, "cluster": r.Cluster}
	}
	file, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(sections)
	if err != nil {
		return nil, err
	}
	return g.Parse("topology", file)
}

// From returns a document of a configuration's rings that is not set yet.
func From(cfg *g.Config) (*Document, error) {
	rings := *cfg
	rings.Backends = slices.DeleteFunc(slices.Clone(cfg.Backends), func(b *g.Backend) bool { return !g.HasRing(b.Name) })
	text, err := (&Document{rings: &rings}).MarshalJSON()
	if err != nil {
		return nil, err
	}
	d, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("cannot make a topology of %s: %w", cfg.Path, err)
	}
	return d, nil
}

// On returns the configuration with the document's rings in the place of its own, as far
// as the backends are enabled; a nil document returns it as it is.
func (d *Document) On(file *g.Config) *g.Config {
	if d == nil {
		return file
	}
	cfg := *file
	cfg.Backends = slices.Clone(file.Backends)
	for i, own := range cfg.Backends {
		if shared := d.rings.Backend(own.Name); shared != nil {
			b := *own
			b.Hash, b.Replicas, b.Nodes = shared.Hash, shared.Replicas, shared.Nodes
			cfg.Backends[i] = &b
		}
	}
	return &cfg
}

// Names reports whether the document has a ring for the backend; a nil one has none.
func (d *Document) Names(backend string) bool { return d != nil && d.rings.Backend(backend) != nil }

// Differs returns the backends for which file has another ring than the document; a nil
// one differs from nothing.
func (d *Document) Differs(file *g.Config) (backends []string) {
	for _, own := range file.Backends {
		if d.Names(own.Name) && !sameRing(own, d.rings.Backend(own.Name)) {
			backends = append(backends, own.Name)
		}
	}
	return backends
}

func sameRing(a, b *g.Backend) bool {
	return a.Hash == b.Hash && a.Replicas == b.Replicas && reflect.DeepEqual(a.Nodes, b.Nodes)
}

// hasRings reports whether d is a document that can be used; a nil one is none.
func (d *Document) hasRings() bool { return d != nil && d.rings != nil }

// sameRings reports whether both documents have the same rings.
func (d *Document) sameRings(other *Document) bool {
	return len(d.Backends()) == len(other.Backends()) && len(d.Differs(other.rings)) == 0 &&
		!slices.ContainsFunc(other.Backends(), func(b *g.Backend) bool { return !d.Names(b.Name) })
}

// is reports whether d is the version; a nil one is none.
func (d *Document) is(v Version) bool { return d != nil && d.version() == v }

// version returns which version d is; of nil the zero one.
func (d *Document) version() Version {
	if d == nil {
		return Version{}
	}
	return Version{Number: d.Version, ID: d.ID}
}

// from returns from when the document holds, by Redis' clock.
func (d *Document) from() time.Time { return time.UnixMilli(d.EffectiveAt) }

// newID returns an id that no other document has.
func newID() string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // it never fails
	return hex.EncodeToString(random)
}
