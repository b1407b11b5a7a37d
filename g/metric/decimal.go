package metric

const (
	shortDigits   = 18      // of an integer that an int64 holds, whatever they are
	exactMantissa = 1 << 53 // up to which a float64 holds every integer
)

// PlainInteger reads the integer at text[at:], such as -12, and returns the place
// behind it. Its value is ParseInteger's. It returns at itself if there is none, or
// one of more than 18 digits; what comes behind it is not looked at.
func PlainInteger(text string, at int) (n int64, end int) {
	first := afterMinus(text, at)
	magnitude, end := digits(text, first, 0)
	if end == first || end-first > shortDigits {
		return 0, at
	}
	if n = int64(magnitude); first > at {
		n = -n
	}
	return n, end
}

// PlainDecimal reads the number at text[at:], such as 12 or -1.25, and returns the
// place behind it. Its value is ParseValue's. It returns at itself if there is none,
// or one of more digits than a float64 holds exactly; what comes behind it is not
// looked at, be it an exponent.
//
// If shortest is true, no shorter text gives v again but perhaps with an exponent, and
// |v| is 0 or from 1e-6 to below 1e15. Of some numbers with many digits it is false
// though they are.
func PlainDecimal(text string, at int) (v float64, end int, shortest bool) {
	first := afterMinus(text, at)
	mantissa, end := digits(text, first, 0)
	if end == first {
		return 0, at, false
	}
	count, fraction := end-first, 0
	if end < len(text) && text[end] == '.' {
		point := end
		if mantissa, end = digits(text, point+1, mantissa); end == point+1 {
			return 0, at, false
		}
		fraction = end - point - 1
		count += fraction
	}
	if count > shortDigits || mantissa > exactMantissa {
		return 0, at, false
	}
	// Two numbers of up to 15 digits never have the same nearest float64. So those digits
	// are all needed if none of them is a zero at an end.
	shortest = count <= 15 && (text[first] != '0' || count-fraction == 1) &&
		(fraction == 0 || fraction <= 6 && text[end-1] != '0')
	// A float64 holds powers of ten up to the 22nd, too: the quotient of two exact
	// numbers is rounded once, as it should be.
	v = float64(int64(mantissa)) / float64(int64(powerOfTen(fraction)))
	if first > at {
		v = -v
	}
	return v, end, shortest
}

// afterMinus returns the place behind the minus at text[at], at itself without one.
func afterMinus(text string, at int) int {
	if at < len(text) && text[at] == '-' {
		return at + 1
	}
	return at
}

// digits reads the decimal digits at text[at:], puts them behind those of n, and
// returns the number that they make, which is wrong for more than shortDigits, and
// where they end.
//
// Numbers are short: to look at eight digits at once was not faster.
func digits(text string, at int, n uint64) (uint64, int) {
	for ; at < len(text) && text[at]-'0' <= 9; at++ {
		n = n*10 + uint64(text[at]-'0')
	}
	return n, at
}

// powerOfTen returns 10 to the n, for n up to shortDigits.
func powerOfTen(n int) uint64 {
	return [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}[n]
}
