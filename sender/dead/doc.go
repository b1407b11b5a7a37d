// Package dead keeps the points that a backend refuses for good, each a letter that
// says who refused it and why, until a person sends them again or throws them away.
//
//	graph/graph-00/10.0.0.1_6070/manifest.json    whose they are, and up to where they were removed
//	graph/graph-00/10.0.0.1_6070/letters/         a log of letters
package dead
