package bench

import (
	"fmt"
	"os/exec"
)

// peerSubjects returns what the relay is compared with, by Row.Subject. binary is
// the program that holds this command.
func peerSubjects(binary string) map[string]subject {
	return map[string]subject{
		"carbon-c-relay": carbon{"carbon-c-relay"},
		"vmagent":        vmagent{"vmagent"},
		"plain":          plainRelay{binary},
	}
}

// installed returns the path of a program, which a package of Debian holds. The
// error wraps errAbsent.
func installed(program, debianPackage string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("cannot run %s: %w (on Debian: apt-get install %s): %w", program, errAbsent, debianPackage, err)
	}
	return path, nil
}

// takes returns an error unless the row's way in is the only one that a subject
// has.
func takes(row Row, way string) error {
	if row.Way != way {
		return fmt.Errorf("cannot play by %q to %s: it takes points by %s", row.Way, row.Subject, way)
	}
	return nil
}

// launchPeer starts a program that is told to take points on address, and waits
// until it does.
func launchPeer(dir, address, binary string, args ...string) (*process, string, error) {
	p, err := startProcess(dir, binary, args...)
	if err != nil {
		return nil, "", err
	}
	if err := p.AwaitPort(address); err != nil {
		return nil, "", err
	}
	return p, address, nil
}
