package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

var (
	errEncoding    = errors.New("unknown content encoding: send gzip, zstd, snappy (block format) or none")
	errBodyTooLong = errors.New("body too large")
)

// keptUnpacked is how much memory an idle unpacker keeps for its results, in bytes.
const keptUnpacked = 1 << 20

// unpacker unpacks bodies of at most max bytes, unpacked, one at a time.
type unpacker struct {
	max  int
	out  []byte
	gzip *gzip.Reader
	zstd *zstd.Decoder
}

// packings returns the known content encodings.
func packings() [3]string { return [3]string{"gzip", "zstd", "snappy"} }

// unpack returns the unpacked body, good until the next call. The error is
// errBodyTooLong when it is longer than max; any other means that it is damaged.
func (u *unpacker) unpack(encoding string, body []byte) (out []byte, err error) {
	if cap(u.out) > keptUnpacked {
		u.out = nil
	}
	switch encoding {
	case "gzip":
		out, err = u.gunzip(body)
	case "zstd":
		out, err = u.unzstd(body)
	case "snappy":
		out, err = u.unsnappy(body)
	default:
		return nil, errEncoding
	}
	if out != nil {
		u.out = out
	}
	if err == nil && len(out) > u.max {
		err = errBodyTooLong
	}
	if err != nil {
		return nil, fmt.Errorf("cannot unpack %s: %w", encoding, err)
	}
	return out, nil
}

func (u *unpacker) gunzip(body []byte) ([]byte, error) {
	if u.gzip == nil {
		u.gzip = new(gzip.Reader)
	}
	if err := u.gzip.Reset(bytes.NewReader(body)); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(u.out[:0])
	_, err := out.ReadFrom(io.LimitReader(u.gzip, int64(u.max)+1))
	return out.Bytes(), err
}

func (u *unpacker) unzstd(body []byte) (out []byte, err error) {
	if u.zstd == nil {
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(uint64(u.max)))
		if err != nil {
			return nil, err
		}
	}
	out, err = u.zstd.DecodeAll(body, u.out[:0])
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = errBodyTooLong
	}
	return out, err
}

func (u *unpacker) unsnappy(body []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(body)
	switch {
	case err != nil:
		return nil, err
	case n > u.max:
		return nil, errBodyTooLong
	}
	return snappy.Decode(u.out[:cap(u.out)], body)
}
