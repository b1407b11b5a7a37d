package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"transfer/g/stat"
)

// upgrade is the program that takes over when this process is asked to give way, and
// what became of it so far.
type upgrade struct {
	program string        // the path that this process was started from: what lies there then is run
	asked   chan struct{} // of whoever runs it

	mu    sync.Mutex
	state stat.Upgrade
}

// newUpgrade notes what this process was started from. Links are left alone, since an
// upgrade may turn one to another file.
func newUpgrade() (*upgrade, error) {
	program, err := programPath(os.Args[0])
	if err != nil {
		return nil, fmt.Errorf("cannot find the program that runs: %w", err)
	}
	return &upgrade{program: program, asked: make(chan struct{}, 1), state: stat.Upgrade{Process: os.Getpid()}}, nil
}

// programPath returns the path of the program that was called by that name.
func programPath(name string) (string, error) {
	if !strings.ContainsRune(name, filepath.Separator) {
		found, err := exec.LookPath(name)
		if err != nil { // the caller may have called it something else
			return os.Executable()
		}
		name = found
	}
	return filepath.Abs(name)
}

// errUpgrading says that one upgrade follows the other.
var errUpgrading = errors.New("an upgrade is under way")

// Start asks for an upgrade and returns without waiting for it. It may be called from
// any goroutine.
func (u *upgrade) Start() (stat.Upgrade, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.state.Running {
		return u.state, errUpgrading
	}
	u.state.Running = true
	u.state.Attempts++
	u.asked <- struct{}{} // there is room: whoever took the last one has ended it
	return u.state, nil
}

// State returns what became of the last upgrade.
func (u *upgrade) State() stat.Upgrade {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.state
}

// ended notes that the upgrade failed.
func (u *upgrade) ended(why error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.state.Running, u.state.Error = false, why.Error()
}
