package sender

import (
	"errors"
	"strings"
)

// cannotFind begins what a net/rpc server says of a call that it does not know.
const cannotFind = "rpc: can't find "

// rpcRefusal is the Refusal for the error of a net/rpc reply. Two texts speak of
// the moment and not of the points: that of a relay which is short of room, and
// that of a server which has not yet registered its service.
func rpcRefusal(text string) *Refusal {
	temporary := strings.HasPrefix(text, "retry: ") || strings.HasPrefix(text, cannotFind)
	return &Refusal{Permanent: !temporary, Err: errors.New(shorten(text))}
}

// shorten cuts a backend's words to what a log line bears.
func shorten(text string) string {
	const enough = 500
	text = strings.TrimSpace(text)
	if len(text) > enough {
		text = text[:enough] + " ..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
