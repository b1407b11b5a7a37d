package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// pidFile is the path of a file that holds the id of the process that runs the relay;
// empty: there is none.
type pidFile string

// write puts this process into the file, in one step for whoever reads it.
func (f pidFile) write() error {
	if f == "" {
		return nil
	}
	text := strconv.Itoa(os.Getpid()) + "\n"
	temporary := filepath.Join(filepath.Dir(string(f)), "."+filepath.Base(string(f))+"."+strings.TrimSpace(text))
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot write the pid file: %w; --pid-file names one in a folder that can be written", err)
	}
	if err := os.Rename(temporary, string(f)); err != nil {
		return errors.Join(fmt.Errorf("cannot write the pid file: %w", err), os.Remove(temporary))
	}
	return nil
}

// read returns the process in the file.
func (f pidFile) read() (int, error) {
	text, err := os.ReadFile(string(f))
	if err != nil {
		return 0, fmt.Errorf("cannot read the pid file: %w", err)
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || id <= 1 {
		return 0, fmt.Errorf("cannot use the pid file %s: %q is no process id", string(f), text)
	}
	return id, nil
}

// remove removes the file if it names this process.
func (f pidFile) remove() {
	if id, err := f.read(); f != "" && err == nil && id == os.Getpid() {
		_ = os.Remove(string(f)) // it is in the way of nobody
	}
}
