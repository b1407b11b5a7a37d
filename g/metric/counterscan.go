package metric

import "math/bits"

// FindTags looks through the counter METRIC[/k=v,k2=v2] at text[at:], which ends where
// FieldEnd says, in one pass. It returns its end and the place of its first slash, -1
// if there is none; ok says that behind the slash each piece between commas has a key
// before its "=". Where it has not, another slash may be the one that parts metric from
// tags.
func FindTags(text string, at int) (slash, end int, ok bool) {
	tags := tagSeeker{slash: -1, ok: true}
	for ; at+wordBytes <= len(text); at += wordBytes {
		v := word(text, at)
		marks := (v-lowBits*(' '+1)|v)&highBits | allLike(v, '/') | allLike(v, '=') | allLike(v, ',')
		for ; marks != 0; marks &= marks - 1 {
			i := at + bits.TrailingZeros64(marks)/8
			if !tags.see(text[i], i) {
				return tags.slash, i, tags.whole()
			}
		}
	}
	for ; at < len(text); at++ {
		if !tags.see(text[at], at) {
			break
		}
	}
	return tags.slash, at, tags.whole()
}

// tagSeeker follows a counter by the bytes that mean something in it.
type tagSeeker struct {
	slash int  // the first one
	piece int  // where the piece under way begins, behind a slash
	keyed bool // it has had its "="
	ok    bool // all pieces so far have a key
}

// see takes the byte c at the place i and reports whether it belongs to the counter.
func (t *tagSeeker) see(c byte, i int) bool {
	switch c {
	case '/':
		if t.slash < 0 {
			t.slash, t.piece = i, i+1
		}
	case '=':
		if t.slash >= 0 && !t.keyed {
			t.ok = t.ok && i > t.piece
			t.keyed = true
		}
	case ',':
		if t.slash >= 0 {
			t.ok = t.ok && t.keyed
			t.piece, t.keyed = i+1, false
		}
	default:
		return c > ' ' && c < 0x80
	}
	return true
}

// whole reports, at the counter's end, whether all pieces have a key.
func (t *tagSeeker) whole() bool { return t.ok && (t.slash < 0 || t.keyed) }

// allLike returns a word whose bytes have their highest bit set where v has the byte c,
// which is ASCII, and nowhere else; where v is not ASCII it means nothing.
func allLike(v uint64, c byte) uint64 {
	x := v ^ lowBits*uint64(c)
	return (x + lowBits*0x7f ^ highBits) & highBits
}
