package receiver

import (
	"bytes"
	"strconv"
)

// pushLine is the first line of the usual request.
const pushLine = "POST /api/push HTTP/1.1\r\n"

// mostHead is how long the head of a usual request is at most, bytes.
const mostHead = 2 << 10

// pushHead is the head of a usual request.
type pushHead struct {
	size int // bytes, with the empty line
	body int // bytes that follow
}

// readPushHead reads the head that data begins with, if it is whole and usual: that of a
// POST to /api/push whose header has a length, a host, and else nothing but what makes no
// difference to a push. Anything else is net/http's to understand. What is usual means
// there what it means here (RFC 9112).
func readPushHead(data []byte) (h pushHead, ok bool) {
	if !bytes.HasPrefix(data, []byte(pushLine)) {
		return h, false
	}
	end := bytes.Index(data[:min(len(data), mostHead)], []byte("\r\n\r\n"))
	if end < 0 {
		return h, false
	}
	h = pushHead{size: end + len("\r\n\r\n"), body: -1}
	hosts := 0
	for rest := data[len(pushLine)-len("\r\n") : end]; len(rest) > 0; {
		line := rest[len("\r\n"):] // each has its end before it
		if next := bytes.Index(line, []byte("\r\n")); next >= 0 {
			line = line[:next]
		}
		rest = rest[len("\r\n")+len(line):]
		name, value, found := bytes.Cut(line, []byte(":"))
		if value = bytes.Trim(value, " \t"); !found || !isPlain(value) {
			return h, false
		}
		switch field := pushField(name); {
		case field == noMatter:
		case field == theHost && hosts == 0 && isHost(value):
			hosts++
		case field == theLength && h.body < 0 && len(value) < len("1000000000"):
			n, err := strconv.ParseUint(string(value), 10, 31)
			if err != nil || n == 0 {
				return h, false
			}
			h.body = int(n)
		case field == keepAlive && bytes.EqualFold(value, []byte("keep-alive")):
		default:
			return h, false
		}
	}
	return h, hosts == 1 && h.body > 0
}

// headerField is a field of a usual request's header.
type headerField int

const (
	unusualField headerField = iota
	theHost
	theLength
	keepAlive
	noMatter // whatever it says
)

// pushField returns which field the name is of.
func pushField(name []byte) headerField {
	var room [16]byte
	if len(name) > len(room) {
		return unusualField
	}
	lower := append(room[:0], name...)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	switch string(lower) {
	case "host":
		return theHost
	case "content-length":
		return theLength
	case "connection":
		return keepAlive
	case "content-type", "user-agent", "accept", "accept-encoding", "accept-language":
		return noMatter
	}
	return unusualField
}

// isPlain reports whether a value is made of printable ASCII and spaces.
func isPlain(value []byte) bool {
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// isHost reports whether a value may be a host with or without a port.
func isHost(value []byte) bool {
	for _, c := range value {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return len(value) > 0
}
