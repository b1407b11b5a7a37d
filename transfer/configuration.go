package main

import (
	"time"

	"transfer/g"
)

// configuration is what the relay runs with: its file, and what the admin API changed
// since that was loaded. It never changes; another one takes its place.
type configuration struct {
	file    *g.Config
	edits   edits
	inForce *g.Config // the file with the edits
	since   time.Time
	hash    uint32 // of what is in force
}

func newConfiguration(file *g.Config, edits edits) *configuration {
	inForce := edits.with(file)
	return &configuration{file: file, edits: edits, inForce: inForce, since: time.Now(), hash: hashOf(inForce)}
}
