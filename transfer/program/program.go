// Package program runs another program beside this one: it is waited for until it is
// ready, and ends with this one, whatever becomes of that.
package program

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Program is a process that this one has started. It owns a goroutine, which ends with
// the process.
type Program struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it has ended
	err   error         // how it ended; read after ended
}

const (
	// ReadyWithin is how long a program may take until it is ready.
	ReadyWithin = 20 * time.Second
	// EndWithin is how long a program may take to end in order before it is killed.
	EndWithin = 15 * time.Second

	readyPoll = 5 * time.Millisecond
)

// Start runs the program at path. All that it prints goes into the file log, whose folder
// is its working directory. The caller stops it.
func Start(log, path string, args ...string) (*Program, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("cannot keep the log of %s: %w", path, err)
	}
	p := &Program{cmd: exec.Command(path, args...), log: log, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = filepath.Dir(log), file, file
	// A group of its own: an interrupt on the terminal is this process's to handle.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.run(file, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", path, err)
	}
	return p, nil
}

// run starts the process and waits for its end. The kernel sends Pdeathsig when the thread
// ends that started it, so that thread is kept until then.
func (p *Program) run(log *os.File, started chan<- error) {
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

// PID returns the number of the process.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Path returns the file that it runs.
func (p *Program) Path() string { return p.cmd.Path }

// Log returns the file with all that it prints.
func (p *Program) Log() string { return p.log }

// HasEnded reports whether the process is gone.
func (p *Program) HasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Wait waits for the end of the process and returns what it used, and how it ended: nil,
// or an *exec.ExitError.
func (p *Program) Wait() (*os.ProcessState, error) {
	<-p.ended
	return p.cmd.ProcessState, p.err
}

// Await waits until ready holds, ReadyWithin at most. A program that does not get there is
// stopped.
func (p *Program) Await(ready func() bool) error {
	giveUp := time.Now().Add(ReadyWithin)
	for !ready() {
		var err error
		switch {
		case p.HasEnded():
			err = fmt.Errorf("it ended: %w", errors.Join(p.err, errors.New(p.LastWords())))
		case time.Now().After(giveUp):
			err = fmt.Errorf("it is not ready after %s: %s", ReadyWithin, p.LastWords())
		}
		if err != nil {
			return errors.Join(fmt.Errorf("cannot start %s: %w", p.cmd.Path, err), p.Stop())
		}
		time.Sleep(readyPoll)
	}
	return nil
}

// AwaitPort is Await until somebody Answers on address.
func (p *Program) AwaitPort(address string) error {
	return p.Await(func() bool { return Answers(address) })
}

// Answers reports whether somebody listens on address, host:port.
func Answers(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// LastWords returns the end of the log.
func (p *Program) LastWords() string {
	const enough = 1000 // bytes
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-enough):])
}

// Stop ends the process by SIGTERM, so that it may finish in order, and waits for its end.
// That it has ended before is no error.
func (p *Program) Stop() error { return p.StopIn(EndWithin) }

// StopIn is Stop with the time after which the process is killed.
func (p *Program) StopIn(patience time.Duration) error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	return fmt.Errorf("cannot stop %s within %s: it was killed", p.cmd.Path, patience)
}

func (p *Program) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot signal %s (process %d), end it by hand: %w", p.cmd.Path, p.PID(), err)
	}
	return nil
}
