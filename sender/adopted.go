package sender

import "strings"

// What a relay that is gone has left in Redis becomes a former target of the relay that
// adopts it: with the lanes and the address that it had there, and an id of its own, so
// that accounts and spools of both relays stay apart. It is a target like any former one,
// but that each lane has the stream that was left before all that comes.

// ofRelay joins the id that a target had with the relay that has left it. No relay has it in
// its name, and no address.
const ofRelay = "@"

// adoptedID returns the id here of a target that the relay has left, which had the given
// one there. Without a relay it is one of ours.
func adoptedID(id, relay string) string {
	if relay == "" {
		return id
	}
	return id + ofRelay + relay
}

// partID returns the id that a target had at the relay that has left it, and that relay;
// none if it is one of ours.
func partID(id string) (own, relay string) {
	last := strings.LastIndexByte(id, '/') + 1 // the name of a stand-in has the sign, too
	if i := strings.LastIndex(id[last:], ofRelay); i >= 0 {
		return id[:last+i], id[last+i+len(ofRelay):]
	}
	return id, ""
}
