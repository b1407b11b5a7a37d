package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// variable says in the environment of the new process that it has inherited.
const variable = "TRANSFER_HANDOVER"

// exitWithin is how long a process that has closed its end may take to end, so that how
// it ended can be told.
const exitWithin = time.Second

// Successor is the new process as the old one sees it. One goroutine uses it.
type Successor struct {
	process *exec.Cmd
	talk    *talk
	ended   chan struct{} // closed once the process has ended
	exit    error         // how; read after ended
}

// Start runs the program with args as the successor of this process. It shares this
// one's standard files and directory, inherits a copy of each listener, which estate
// names in the same order, and is told the estate. The listeners stay the caller's.
// Either Kill follows, or this process ends.
func Start(program string, args []string, estate Estate, listeners []*os.File) (*Successor, error) {
	estate.Version, estate.Process = version, os.Getpid()
	text, err := estate.encode()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	s := &Successor{process: exec.Command(program, args...), talk: newTalk(ours), ended: make(chan struct{})}
	s.process.Stdin, s.process.Stdout, s.process.Stderr = os.Stdin, os.Stdout, os.Stderr
	s.process.ExtraFiles = append([]*os.File{theirs}, listeners...)
	s.process.Env = append(environment(), variable+"=yes")
	// A group of its own can be ended whole: what it started holds the listeners, too.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start the new program: %w", err), ours.Close())
	}
	go func() {
		s.exit = s.process.Wait()
		close(s.ended)
	}()
	if err := s.talk.say(text); err != nil {
		err = s.explain(err)
		s.Kill()
		return nil, err
	}
	return s, nil
}

// environment returns that of this process without the variable.
func environment() []string {
	var all []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, variable+"=") {
			all = append(all, v)
		}
	}
	return all
}

// pair returns both ends of a stream between two processes.
func pair() (ours net.Conn, theirs *os.File, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a socket pair: %w", err)
	}
	mine := os.NewFile(uintptr(ends[0]), "successor")
	theirs = os.NewFile(uintptr(ends[1]), "predecessor")
	ours, err = net.FileConn(mine)
	err = errors.Join(err, mine.Close())
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("cannot use the socket pair: %w", err), theirs.Close())
	}
	return ours, theirs, nil
}

// Process returns the id of the new process.
func (s *Successor) Process() int { return s.process.Process.Pid }

// Validated waits until the new process could run. The error says why it can't, or what
// ended ctx.
func (s *Successor) Validated(ctx context.Context) error {
	return s.explain(s.talk.hear(ctx, validated))
}

// Release tells the new process that it can have the data directory and the listeners.
func (s *Successor) Release() error { return s.explain(s.talk.say(released)) }

// Accepting waits until the new process has taken over. The error is as that of
// Validated.
func (s *Successor) Accepting(ctx context.Context) error {
	return s.explain(s.talk.hear(ctx, accepting))
}

// explain says of a process that is gone how it ended.
func (s *Successor) explain(err error) error {
	if err == nil || !errors.Is(err, errGone) && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	timer := time.NewTimer(exitWithin)
	defer timer.Stop()
	select {
	case <-s.ended:
	case <-timer.C:
		return errors.New("it is no relay that can be upgraded to: it does not say how far it is")
	}
	if s.exit == nil {
		return errors.New("it ended without taking over: its output says why")
	}
	return fmt.Errorf("it ended: %w: its output says why", s.exit)
}

// Kill ends the new process, with all that it has started, and waits for its end. It
// may have ended already.
func (s *Successor) Kill() {
	_ = unix.Kill(-s.Process(), unix.SIGKILL)
	<-s.ended
	_ = s.talk.conn.Close()
}
