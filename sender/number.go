package sender

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// appendNumber appends v with all its digits, so that reading it gives v again, in
// a form that JSON, OpenTSDB and InfluxDB take. Integers stand as such up to 10^15:
// OpenTSDB reads what has neither point nor exponent as an int64, which longer
// ones might not fit.
//
// What it writes is what strconv.AppendFloat does. It takes half the time (19 ns, not
// 45) for values with few decimals, as most are: two decimal numbers of up to 15
// digits never have the same nearest float64; so if v is nearest to one of them, that
// one, less the zeros at its end, is the shortest number that gives v again.
func appendNumber(dst []byte, v float64) []byte {
	size := math.Abs(v)
	whole, decimals := int64(size), uint64(0)
	if float64(whole) != size || size >= 1e15 {
		scale, padding := 1e8, uint64(1) // eight decimals
		if size >= 1e7 {
			scale, padding = 1e4, 1e4 // four, and four zeros
		}
		// A float64 holds both scaled and scale exactly, and rounds their quotient once:
		// it is the one nearest to the decimal number.
		scaled := int64(size*scale + 0.5)
		if size < 1e-6 || size >= 1e11 || float64(scaled)/scale != size {
			return appendLongNumber(dst, v)
		}
		decimals = digitsOf(uint32(uint64(scaled)*padding - uint64(whole)*1e8))
	}
	if math.Signbit(v) {
		dst = append(dst, '-')
	}
	dst = appendInteger(dst, whole)
	if decimals != 0 {
		dst = append(dst, '.')
		end := len(dst) + 8 - bits.LeadingZeros64(decimals)/8 // without the zeros at the end
		dst = binary.LittleEndian.AppendUint64(dst, decimals|asText)[:end]
	}
	return dst
}

// appendLongNumber is appendNumber for any v.
func appendLongNumber(dst []byte, v float64) []byte {
	form := byte('e')
	if size := math.Abs(v); size == 0 || size >= 1e-6 && size < 1e15 {
		form = 'f'
	}
	return strconv.AppendFloat(dst, v, form, -1, 64)
}
