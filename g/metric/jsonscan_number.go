package metric

import "unsafe"

const (
	exactDigits = 15 // of a decimal number that a float64 holds exactly, whatever they are
	shortDigits = 18 // of an integer that an int64 holds, whatever they are
)

// Integer passes white space and reads an integral number, of which it returns the
// text.
func (s *JSONScanner) Integer() (string, bool) {
	s.space()
	from := s.at
	_, ok := s.integer()
	token := s.text[from:s.at]
	return unsafe.String(unsafe.SliceData(token), len(token)), ok
}

// integer reads an integral number without fraction and exponent.
func (s *JSONScanner) integer() (int64, bool) {
	from := s.at
	negative := s.byte('-')
	n, digits := s.digits()
	if digits == 0 || digits > shortDigits || s.text[s.at-digits] == '0' && digits > 1 || !s.numberEnds() {
		s.at = from
		return 0, false
	}
	if negative {
		return -int64(n), true
	}
	return int64(n), true
}

// value reads a number, or a string that holds one.
func (s *JSONScanner) value() (float64, bool) {
	if s.at < len(s.text) && s.text[s.at] == '"' {
		text, ok := s.String()
		if !ok {
			return 0, false
		}
		v, reason := ParseValue(text)
		return v, reason == Accepted
	}
	return s.number()
}

// number reads a number as JSON writes it.
func (s *JSONScanner) number() (float64, bool) {
	from := s.at
	negative := s.byte('-')
	mantissa, whole := s.digits()
	if whole == 0 || s.text[s.at-whole] == '0' && whole > 1 {
		return 0, false
	}
	fraction := 0
	if s.byte('.') {
		var more uint64
		more, fraction = s.digits()
		if fraction == 0 {
			return 0, false
		}
		if whole+fraction <= exactDigits {
			mantissa = mantissa*powerOfTen(fraction) + more
		}
	}
	if s.numberEnds() && whole+fraction <= exactDigits {
		// Both are held exactly, so that the quotient is rounded once, as it should be.
		v := float64(mantissa) / float64(powerOfTen(fraction))
		if negative {
			v = -v
		}
		return v, true
	}
	if s.byte('e') || s.byte('E') {
		if !s.byte('+') {
			s.byte('-')
		}
		if _, digits := s.digits(); digits == 0 {
			return 0, false
		}
	}
	if !s.numberEnds() {
		return 0, false
	}
	token := s.text[from:s.at]
	v, reason := ParseValue(unsafe.String(unsafe.SliceData(token), len(token)))
	return v, reason == Accepted
}

// digits reads decimal digits and returns the number that they make, which is
// wrong for more than shortDigits, and how many they are.
func (s *JSONScanner) digits() (n uint64, count int) {
	from := s.at
	for s.at < len(s.text) {
		c := s.text[s.at] - '0'
		if c > 9 {
			break
		}
		n = n*10 + uint64(c)
		s.at++
	}
	return n, s.at - from
}

// numberEnds reports whether what comes next ends a number. The end of the text
// does not: more of it may come.
func (s *JSONScanner) numberEnds() bool {
	if s.at == len(s.text) {
		return false
	}
	switch s.text[s.at] {
	case ',', '}', ']', ' ', '\n', '\r', '\t':
		return true
	}
	return false
}

// powerOfTen returns 10 to the n, for n up to exactDigits.
func powerOfTen(n int) uint64 {
	power := uint64(1)
	for range n {
		power *= 10
	}
	return power
}
