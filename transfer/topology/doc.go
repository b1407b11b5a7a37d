// Package topology is what several relays have in common of their rings: one document
// in Redis, in versions, of which one is in force everywhere.
//
// A version is set by one script that compares what is there with what the writer has
// seen, so no two writers win at once. It names the time from which it holds, by the clock
// of Redis. Each relay asks Redis a few times a second for version and time, so it knows
// how its own clock stands to that one and switches at the same moment as all others,
// whatever its clock says. A version that a relay cannot take, it rejects, says so to the
// others, and goes on with what it has.
//
// Redis keeps nothing that a relay could not put back: what is in force lies in a file of
// the data directory, too, and when Redis has lost it, or is back with an older state, the
// relays set the highest version that one of them has. Nothing of this is on the way of a
// point.
package topology
