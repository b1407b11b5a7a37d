package main

import (
	"fmt"
	"hash/crc32"
	"reflect"

	"transfer/g"
)

// bare returns a copy of cfg without what has no effect: where it was read, what there
// was to say of it, and keys that are read for the file's sake.
func bare(cfg *g.Config) *g.Config {
	c := *cfg
	c.Path, c.Warnings, c.Backends = "", nil, nil
	for _, b := range cfg.Backends {
		same := *b
		same.Retry, same.MaxIdle = 0, 0
		c.Backends = append(c.Backends, &same)
	}
	return &c
}

// hashOf returns a hash of what cfg comes to: equal ones have the same. Secrets are no
// part of it: it is shown, and who guesses one could try the guess on it.
func hashOf(cfg *g.Config) uint32 {
	text, err := shown(cfg).MarshalJSON()
	if err != nil {
		return 0
	}
	return crc32.ChecksumIEEE(text)
}

// differences returns in words, a line for each key, what is not the same in the two
// configurations; nothing if they come to the same. No secret is among the words.
func differences(old, now *g.Config) []string {
	if reflect.DeepEqual(bare(old), bare(now)) {
		return nil
	}
	var d words
	d.compare("", shown(old), shown(now))
	for _, b := range now.Backends {
		if was := old.Backend(b.Name); was != nil && was.Password != b.Password {
			d.add("%s.password: changed", b.Name)
		}
	}
	if len(d) == 0 { // such as the login within a URL
		d.add("a value that is not shown has changed")
	}
	return d
}

// shown returns cfg with each node in one place.
func shown(cfg *g.Config) g.Object { return cfg.Effective().Without("clusterList") }

// words gathers differences.
type words []string

func (d *words) add(format string, args ...any) { *d = append(*d, fmt.Sprintf(format, args...)) }

// compare notes what is different below the key path, in the order of now; what is gone
// comes last.
func (d *words) compare(path string, old, now g.Object) {
	was, section := member(old, "enabled").(bool)
	is, alsoSection := member(now, "enabled").(bool)
	switch {
	case !section || !alsoSection || was == is: // a node may have that name, too
	case is:
		d.add("%s: enabled", path)
		return
	default:
		d.add("%s: disabled", path)
		return
	}
	for _, m := range now {
		d.compareValue(below(path, m.Key), member(old, m.Key), m.Value)
	}
	for _, m := range old {
		if member(now, m.Key) == nil {
			d.compareValue(below(path, m.Key), m.Value, nil)
		}
	}
}

func (d *words) compareValue(path string, old, now any) {
	was, nested := old.(g.Object)
	is, alsoNested := now.(g.Object)
	switch {
	case nested || alsoNested:
		d.compare(path, was, is)
	case old == nil:
		d.add("%s: %v added", path, now)
	case now == nil:
		d.add("%s: %v removed", path, old)
	case !reflect.DeepEqual(old, now):
		d.add("%s: %v -> %v", path, old, now)
	}
}

// member returns the value of the key, nil if the object has none.
func member(o g.Object, key string) any {
	for _, m := range o {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
