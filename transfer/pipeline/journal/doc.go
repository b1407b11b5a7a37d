// Package journal numbers the accepted points and keeps them on disk until their
// targets have them: what is acknowledged is in it, so a crash loses nothing.
//
// One request is one record, or a few if it is a giant: its points, resolved, under
// one contiguous range of sequence numbers. Requests that wait at the same moment
// share one write. A request is open from before its numbers are given until its
// items lie in the targets' queues; no mark passes an open request.
//
// Numbers are also given while the disk does not take anything ([Journal.Pass]). The
// log below wants to know of every number, so the next record that it does take is
// led by one that says which numbers it never got.
package journal
