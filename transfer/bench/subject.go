package bench

import "errors"

// subject is a kind of process that can be measured.
type subject interface {
	// launch starts the process for a row, with its files in dir and the stand-ins
	// of s behind it, and returns once it takes points. address, host:port, is where
	// the row's way goes. Whoever calls it stops the process. After an error nothing
	// runs; errAbsent tells that the program is not installed.
	launch(dir string, row Row, s *site) (p *process, address string, err error)
}

// errAbsent is wrapped by launch when the program is not on this machine: its rows
// are left out, and that is said.
var errAbsent = errors.New("it is not installed")

// subjects returns all that can be measured, by Row.Subject. binary is the program
// that holds this command.
func subjects(binary string) map[string]subject {
	all := peerSubjects(binary)
	all["transfer"] = relay{binary}
	return all
}
