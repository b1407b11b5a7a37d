// Package segment keeps an append-only sequence of records in numbered files of one
// directory: what the journal and the spools are made of. It knows nothing of points
// or Blocks; to it a record is a payload and the range of sequence numbers in it.
//
// # Files
//
//	0000000007-5c0ffee1.seg            a segment: two copies of its header, then records
//	0000000003-20ac91d4.spare          an emptied segment, to be written into again
//	damaged/0000000007-5c0ffee1-8192   bytes of a segment that did not validate
//
// The name is the segment's generation: a number, higher than all before, and a salt.
// Each segment that begins gets a new one, also when it is made of an emptied one.
// The checksums of its records are seeded with it, so that what the file held before
// never validates; and a [Position], which names the number, never comes to mean
// other content than it did.
//
// A process never adds to a segment that it found: what power loss took from the end
// of that, a stored position may have passed already.
//
// # Damage
//
// A record that does not validate costs only itself: readers search the next one and
// count what is missing. Open fails on no damage, and nothing is deleted because of
// it. At the end of the log, damage cannot be told from a record that was never
// finished: the log ends before it.
//
// # Sequence numbers
//
// Records are contiguous: each begins with the number behind its predecessor's last.
// So a gap says how many points are missing, and the header of a segment how many the
// segment before it holds, without reading either.
package segment
