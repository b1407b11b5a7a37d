// Package spool keeps on disk what waits for a target that cannot take it: the Blocks
// of each lane in a log of their own, and beside them a manifest that says whose they
// are.
//
//	graph/graph-00/10.0.0.1_6070/manifest.json
//	graph/graph-00/10.0.0.1_6070/0/               the log of the first lane
//
// A spool numbers its points from 1 on, contiguous: these are the sequence numbers of
// its segment.Positions. Those of the journal that a Block covers lie within its
// record, for marks only.
package spool
