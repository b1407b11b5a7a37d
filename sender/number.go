package sender

import (
	"math"
	"strconv"
)

// appendNumber appends v with all its digits, so that reading it gives v again, in
// a form that JSON, OpenTSDB and InfluxDB take. Integers stand as such up to 10^15:
// OpenTSDB reads what has neither point nor exponent as an int64, which longer
// ones might not fit.
func appendNumber(dst []byte, v float64) []byte {
	form := byte('e')
	if size := math.Abs(v); size == 0 || size >= 1e-6 && size < 1e15 {
		form = 'f'
	}
	return strconv.AppendFloat(dst, v, form, -1, 64)
}
