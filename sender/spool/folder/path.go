package folder

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
)

// Bounds of names: what file systems take for one, with room for what others append,
// and what of a longer one is kept to be recognized.
const (
	longestName = 200
	keptOfName  = 160
)

// Path returns the folder of the target with the given id, relative to a store's: one
// name for a group, such as "tsdb"; for backend/node/address three. The node's name
// may be anything. Two ids get the same folder only if somebody tries hard; the
// manifest tells.
func Path(target string) string {
	backend, rest, isNode := strings.Cut(target, "/")
	if !isNode {
		return name(backend)
	}
	slash := strings.LastIndexByte(rest, '/')
	if slash < 0 {
		return filepath.Join(name(backend), name(rest))
	}
	return filepath.Join(name(backend), name(rest[:slash]), addressName(rest[slash+1:]))
}

// addressName is name for HOST:PORT, which people know as HOST_PORT.
func addressName(address string) string {
	colon := strings.LastIndexByte(address, ':')
	if colon < 0 {
		return name(address)
	}
	return name(address[:colon] + "_" + address[colon+1:])
}

// name returns text as the name of a folder: what is neither an ASCII letter nor a
// digit nor one of ._- is percent-encoded, also a dot in front.
func name(text string) string {
	if text == "" {
		return "%"
	}
	var encoded strings.Builder
	for i := range len(text) {
		if c := text[i]; isPlain(c) && (c != '.' || i > 0) {
			encoded.WriteByte(c)
		} else {
			fmt.Fprintf(&encoded, "%%%02X", c)
		}
	}
	return shortened(encoded.String(), longestName, keptOfName)
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-", c) >= 0
}

// shortened returns text if it has at most so many bytes, and else what is kept of it
// and a checksum of the whole.
func shortened(text string, longest, kept int) string {
	if len(text) <= longest {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%s%%%x", text[:kept], sum[:8])
}

// Owner returns how the segments in a folder of a store name their owner: by its
// path, at most 64 bytes of it.
func Owner(path string) string {
	const longest, kept = 64, 40
	return shortened(filepath.ToSlash(path), longest, kept)
}
