package segment

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is made of the bytes that FuzzReadSegment gets.
const (
	withHeader  = 1 << iota // they stand behind a valid header
	withSums                // where there is a magic, the checksums are made right
	withSecond              // a sound segment follows
	withBytes               // the reader has little memory
	fromTheMark             // and begins in the middle
)

// mend makes the checksums of all that begins like a record right, as no damage does.
func mend(b []byte, seed uint32) {
	for at := 0; at+recordHeader <= len(b); at += recordAlign {
		h := b[at:]
		length := int(binary.LittleEndian.Uint32(h[4:]))
		if string(h[:4]) != recordMagic {
			continue
		}
		sum := crc32.Update(seed, castagnoli(), h[:summedHeader])
		if recordHeader+length <= len(h) {
			sum = crc32.Update(sum, castagnoli(), h[recordHeader:recordHeader+length])
		}
		binary.LittleEndian.PutUint32(h[24:], sum)
		binary.LittleEndian.PutUint32(h[28:], crc32.Update(seed, castagnoli(), h[:28]))
	}
}

// FuzzReadSegment: whatever bytes lie in a segment file, opening and reading the log
// ends, in the memory of the file, with records in order; then the log goes on.
func FuzzReadSegment(f *testing.F) {
	disk, _ := several(f)
	for _, name := range []string{seg1, seg2, seg3} {
		whole := disk.content(name)
		f.Add(byte(0), whole)
		f.Add(byte(withSecond), whole[:len(whole)-1])
		for mode := range byte(withSecond) {
			f.Add(mode|withHeader, whole[recordsFrom:])
		}
	}
	o := plain(disk)
	nested := encode(Record{First: 1, Count: 1, Payload: slices.Repeat([]byte(recordMagic), 50)}, generation{number: 1}.seed(o.Owner))
	f.Add(byte(withHeader|withSums|withSecond|withBytes), slices.Repeat(nested, 10))
	f.Add(byte(withHeader|withSums|fromTheMark), slices.Repeat([]byte(recordMagic+"\xff\xff\xff\xff"), 100))
	f.Add(byte(0), []byte(nil))
	f.Fuzz(func(t *testing.T, mode byte, b []byte) {
		b = slices.Clone(b[:min(len(b), 1<<16)])
		disk := newMemDisk()
		o := plain(disk)
		if mode&withSums != 0 {
			mend(b, generation{number: 1}.seed(o.Owner))
		}
		if mode&withHeader != 0 {
			h := header{generation: generation{number: 1}, first: 1, owner: o.Owner, encoding: o.Encoding}
			b = append(h.pages(), b...)
		}
		disk.put(seg1, b)
		if mode&withSecond != 0 {
			h := header{generation: generation{number: 2}, first: 5000, owner: o.Owner, encoding: o.Encoding}
			disk.put(seg2, append(h.pages(), encode(Record{First: 5000, Count: 1}, h.seed(o.Owner))...))
		}
		o.ReadAhead = 1 << 16
		if mode&withBytes != 0 {
			o.ReadAhead = 64
		}
		if mode&fromTheMark != 0 {
			o.After = Position{Segment: 1, Offset: recordsFrom + int64(mode), Next: 2}
		}
		l := open(t, o)
		r := l.Reader(o.After)
		defer r.Close()
		expected, reads := o.After.Next, 0
		next := func() error {
			got, p, err := r.Next()
			if err != nil {
				return err
			}
			require.GreaterOrEqual(t, got.Next(), expected)
			require.LessOrEqual(t, p.Offset, int64(max(len(b)+recordAlign, recordsFrom+1<<10)))
			expected = got.Next()
			reads++
			require.LessOrEqual(t, reads, len(b)/recordHeader+2)
			return nil
		}
		for err := error(nil); err == nil; {
			if err = next(); err != nil {
				require.ErrorIs(t, err, io.EOF)
			}
		}
		require.LessOrEqual(t, cap(r.scan.buffer), max(o.ReadAhead, len(b)))
		end := max(1, l.End().Next)
		err := l.Append(Record{First: end, Count: 1, Payload: []byte("it goes on")})
		if errors.Is(err, ErrOrder) {
			require.Greater(t, end, uint64(1)<<63) // no numbers are left
			return
		}
		require.NoError(t, err)
		require.NoError(t, next())
		require.Equal(t, end+1, expected)
	})
}

// FuzzDecode: no bytes make the decoders panic, and what they accept is what the
// encoders make.
func FuzzDecode(f *testing.F) {
	f.Add(testHeader().encode(), uint32(0))
	f.Add(encode(Record{First: 1, Count: 2, Schema: 3, Payload: []byte("payload")}, 7), uint32(7))
	f.Add([]byte(recordMagic), uint32(1))
	f.Add([]byte(headerMagic), uint32(1))
	f.Fuzz(func(t *testing.T, b []byte, seed uint32) {
		if h, ok := decodeHeader(b); ok {
			again, ok := decodeHeader(h.encode())
			require.True(t, ok)
			require.Equal(t, h, again)
		}
		h, ok := decodeRecord(b, seed)
		if !ok || int(h.length) > len(b)-recordHeader {
			return
		}
		payload := b[recordHeader : recordHeader+int(h.length)]
		if h.holds(payload) {
			require.Equal(t, b[:recordHeader], h.record(payload).appendHeader(nil, seed))
		}
	})
}
