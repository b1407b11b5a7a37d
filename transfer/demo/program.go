package demo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// program is a process that this one has started. It ends with this one, whatever
// becomes of that.
type program struct {
	cmd   *exec.Cmd
	log   string        // the file with all that it prints
	ended chan struct{} // closed when it has ended
	err   error         // how it ended; read after ended
}

// The times that a program may take.
const (
	readyWithin = 20 * time.Second
	endWithin   = 15 * time.Second // from SIGTERM to SIGKILL
)

// startProgram starts a program that prints into a file.
func startProgram(log string, args ...string) (*program, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("cannot keep the log of %s: %w", args[0], err)
	}
	p := &program{cmd: exec.Command(args[0], args[1:]...), log: log, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = filepath.Dir(log), file, file
	// A group of its own: an interrupt on the terminal is this process's to handle.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.run(file, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", args[0], err)
	}
	return p, nil
}

// run starts the program and waits for its end. The kernel ends it when the thread ends
// that started it, so that thread is kept until then.
func (p *program) run(log *os.File, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() { _ = log.Close() }()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
		close(p.ended)
	}
}

// await waits until ready holds.
func (p *program) await(ready func() bool) error {
	for giveUp := time.Now().Add(readyWithin); !ready(); {
		switch {
		case p.hasEnded():
			return fmt.Errorf("cannot start %s: it ended: %w: %s", p.cmd.Path, p.err, p.lastWords())
		case time.Now().After(giveUp):
			return fmt.Errorf("cannot start %s: it is not ready after %s: %s", p.cmd.Path, readyWithin, p.lastWords())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

func (p *program) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// lastWords returns the end of the log.
func (p *program) lastWords() string {
	const enough = 1000 // bytes
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-enough):])
}

// stop ends the program, which may finish in order first. That it has ended before is no
// error.
func (p *program) stop() error {
	if p.hasEnded() {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may just have ended
	select {
	case <-p.ended:
		return nil
	case <-time.After(endWithin):
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	return errors.New(p.cmd.Path + " did not end in time and was killed")
}
