// Package overflow keeps in Redis what waits for targets that cannot take it, so that
// another relay can send it on when this one dies. What one lane of a target of one relay
// has there is a stream: the relay whose target it is is its owner; whoever holds its
// lease, the owner or an adopter, alone reads it and deletes from it.
//
// A stream has two keys, in one slot of a Redis Cluster:
//
//	PREFIX:{o:RELAY/TARGET/LANE}:stream   a Redis stream of Blocks
//	PREFIX:{o:RELAY/TARGET/LANE}:meta     a hash: whose it is, its lease, its numbers
//
// and one set, PREFIX:{o}:streams, names those that may hold something.
//
// The owner numbers the points of a stream from 1 on. The ID of an entry is the number of
// its last point, so that XTRIM MINID deletes the entries that are delivered to their end
// and no other: nothing is ever trimmed by length, since that deletes what nobody has read.
// There is no consumer group: one drainer reads by its lease, and what is delivered is
// deleted, so the beginning of the stream is the read position; a group's list of pending
// entries would be a second truth beside it.
//
// A lease ends by the clock of Redis. Its holder trusts it for a little less, by its own
// monotonic clock, from before the call that got it. The fence, a number that rises with
// each claim, is checked together with the holder by every script that changes anything:
// who was stopped for longer than its lease can neither write nor delete.
//
// At maxmemory Redis refuses a script whose first write may take memory. So the scripts
// that claim, renew, release and let go begin with a write that takes none, and work then;
// the one that appends begins with one that may take some, and fails before it has changed
// anything.
package overflow
