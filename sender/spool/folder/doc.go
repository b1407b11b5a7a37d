// Package folder names the folder in which the files of one target lie, and keeps the
// manifest there that says whose they are. Spools and dead letters share it.
//
//	graph/graph-00/10.0.0.1_6070/    the target graph/graph-00/10.0.0.1:6070
//	tsdb/                            the target tsdb, a group
//
// A name never changes, so that a relay finds what it wrote; it is made for people
// to recognize, and the manifest is what counts.
package folder
