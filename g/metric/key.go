package metric

import (
	"hash/crc32"
	"slices"
	"strings"
)

// MaxNameBytes bounds len(metric)+len(tags), tags as sent.
const MaxNameBytes = 510

// Resolve parts metric from tags if that was not done, parses the point's tags, builds
// its key and hashes it. The results lie in the batch and are valid until its Reset.
func (b *Batch) Resolve(p *Point) {
	p.Part()
	p.Tags = b.parseTags(p.RawTags)
	from := len(b.text)
	b.text = AppendKey(b.text, p.Endpoint, p.Metric, p.Tags)
	p.Key = b.since(from)
	p.Sum = crc32.ChecksumIEEE(b.text[from:])
}

// AppendKey appends the key of a series to dst: endpoint/metric, and with tags
// /k=v,k2=v2 in the order given, which must be sorted by key. It is the key (PK)
// that Open-Falcon's judge, graph and query compute.
func AppendKey(dst []byte, endpoint, metric string, tags []Tag) []byte {
	dst = append(dst, endpoint...)
	dst = append(dst, '/')
	dst = append(dst, metric...)
	separator := byte('/')
	for _, t := range tags {
		dst = append(dst, separator)
		dst = append(dst, t.Key...)
		dst = append(dst, '=')
		dst = append(dst, t.Value...)
		separator = ','
	}
	return dst
}

// ParseTags parses k=v,k2=v2 as a point's tags are parsed: all spaces (U+0020)
// are removed, a piece without "=" is dropped, the first "=" parts key from
// value, of a repeated key the last wins. The result is sorted by key as bytes.
func ParseTags(raw string) []Tag {
	var b Batch
	return b.parseTags(raw)
}

// parseTags is ParseTags with the batch's memory. Without spaces the tags alias
// raw.
func (b *Batch) parseTags(raw string) []Tag {
	if raw == "" {
		return nil
	}
	if strings.IndexByte(raw, ' ') >= 0 {
		raw = b.withoutSpaces(raw)
	}
	from, sorted := len(b.tags), true
	for more := true; more; {
		var piece string
		piece, raw, more = strings.Cut(raw, ",")
		key, value, ok := strings.Cut(piece, "=")
		if !ok {
			continue
		}
		if n := len(b.tags); n > from && b.tags[n-1].Key >= key {
			sorted = false
		}
		b.tags = append(b.tags, Tag{key, value})
	}
	if !sorted {
		b.tags = b.tags[:from+len(SortTags(b.tags[from:]))]
	}
	return b.tags[from:len(b.tags):len(b.tags)]
}

// SortTags sorts tags in place by key as bytes and keeps the last of each key. It
// returns what is left.
func SortTags(tags []Tag) []Tag {
	slices.SortStableFunc(tags, func(x, y Tag) int { return strings.Compare(x.Key, y.Key) })
	n := 0
	for i := range tags {
		if n > 0 && tags[n-1].Key == tags[i].Key {
			n--
		}
		tags[n] = tags[i]
		n++
	}
	return tags[:n]
}

// withoutSpaces copies s into the batch, less its spaces.
func (b *Batch) withoutSpaces(s string) string {
	from := len(b.text)
	for i := range len(s) {
		if s[i] != ' ' {
			b.text = append(b.text, s[i])
		}
	}
	return b.since(from)
}
