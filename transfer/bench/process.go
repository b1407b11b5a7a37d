package bench

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

// process is a running child. It ends by stop, and with this process whatever
// becomes of it.
type process struct {
	cmd   *exec.Cmd
	log   string        // the file with all that it prints
	pprof string        // host:port of its profiles; empty: it has none
	ended chan struct{} // closed when it has ended
	err   error         // how it ended; read after ended
}

// The times that a process may take.
const (
	startWithin = 20 * time.Second
	stopWithin  = 15 * time.Second // from SIGTERM to SIGKILL
	startPoll   = 5 * time.Millisecond
)

// startProcess starts a program with dir as its working directory and what it
// prints in a file there.
func startProcess(dir, binary string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("cannot keep the log of %s: %w", binary, err)
	}
	p := &process{cmd: exec.Command(binary, args...), log: log.Name(), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	// A group of its own: an interrupt on the terminal is this process's to handle.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.run(log, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", binary, err)
	}
	return p, nil
}

// run starts the child and waits for its end. The kernel sends Pdeathsig when the
// thread ends that started the child, so that thread is kept until then.
func (p *process) run(log *os.File, started chan<- error) {
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

func (p *process) pid() int { return p.cmd.Process.Pid }

// hasEnded reports whether the process is gone.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// await waits until ready holds. A process that does not get there is stopped.
func (p *process) await(ready func() bool) error {
	giveUp := time.Now().Add(startWithin)
	for !ready() {
		var err error
		switch {
		case p.hasEnded():
			err = fmt.Errorf("it ended: %w", errors.Join(p.err, errors.New(p.lastWords())))
		case time.Now().After(giveUp):
			err = fmt.Errorf("it is not ready after %s: %s", startWithin, p.lastWords())
		}
		if err != nil {
			return errors.Join(fmt.Errorf("cannot start %s: %w", p.cmd.Path, err), p.stop())
		}
		time.Sleep(startPoll)
	}
	return nil
}

// awaitPort waits until the process accepts connections on address.
func (p *process) awaitPort(address string) error {
	return p.await(func() bool {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
}

// lastWords returns the end of the log.
func (p *process) lastWords() string {
	const enough = 1000 // bytes
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-enough):])
}

// stop ends the process, which may finish in order first.
func (p *process) stop() error { return p.stopIn(stopWithin) }

// stopIn is stop with the time after which the process is killed.
func (p *process) stopIn(patience time.Duration) error {
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

func (p *process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot signal %s (process %d), end it by hand: %w", p.cmd.Path, p.pid(), err)
	}
	return nil
}

// freeAddress returns an address of loopback whose port nobody uses, for a program
// that cannot choose one by itself.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
