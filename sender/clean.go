package sender

import (
	"slices"

	"transfer/g/metric"
)

// endpointTag is the tag in which backends without a notion of endpoint get it.
const endpointTag = "endpoint"

// cleanTags returns the tags as a text protocol takes them: keys and values
// through key and value, tags with an empty key or value left out, and the point's
// own tag endpoint too, since the relay writes that one. Of keys that have become
// equal the last one stays. Tags that need no change are returned as they are,
// without allocation.
func cleanTags(tags []metric.Tag, key, value func(string) string) []metric.Tag {
	for i, t := range tags {
		k := key(t.Key)
		if k != t.Key || value(t.Value) != t.Value || k == "" || t.Value == "" || k == endpointTag {
			return rewriteTags(slices.Clone(tags), i, key, value)
		}
	}
	return tags
}

// rewriteTags is cleanTags in place, for tags of which the first good ones need no
// change.
func rewriteTags(tags []metric.Tag, good int, key, value func(string) string) []metric.Tag {
	cleaned := tags[:good]
	for _, t := range tags[good:] {
		t = metric.Tag{Key: key(t.Key), Value: value(t.Value)}
		if t.Key != "" && t.Value != "" && t.Key != endpointTag {
			cleaned = append(cleaned, t)
		}
	}
	return metric.SortTags(cleaned)
}

// named returns s, or "_" for an empty name, without which a line would not be one.
func named(s string) string {
	if s == "" {
		return "_"
	}
	return s
}
