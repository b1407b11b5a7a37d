package sender

import "encoding/binary"

// What AppendSeries makes has two ends, one on each side of what changes from point
// to point: the length of the head, the head, the tail. The length has four bytes,
// since an endpoint may be of any size.
const headLengthBytes = 4

// beginHead leaves room for the length of the head. What is appended to the slice
// that it returns is the head, until endHead is called.
func beginHead(dst []byte) []byte {
	return append(dst, make([]byte, headLengthBytes)...)
}

// endHead ends the head in dst, whose first from bytes were there before beginHead.
// What is appended from now on is the tail.
func endHead(dst []byte, from int) {
	binary.LittleEndian.PutUint32(dst[from:], uint32(len(dst)-from-headLengthBytes))
}

// cutSeries parts what AppendSeries appended.
func cutSeries(series []byte) (head, tail []byte) {
	end := headLengthBytes + int(binary.LittleEndian.Uint32(series))
	return series[headLengthBytes:end], series[end:]
}
