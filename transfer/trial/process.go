package trial

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Process is a program that runs until the test's end at most.
type Process struct {
	Cmd    *exec.Cmd // nil: a successor, which somebody else started
	Output *output
	id     int
	exited chan struct{}
	err    error // of its end; read after exited
}

// Launch starts a program. It is killed at the test's end if it still runs.
func Launch(t *testing.T, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(args[0], args[1:]...), Output: &output{}, exited: make(chan struct{})}
	p.Cmd.Dir = t.TempDir()
	read, write, err := os.Pipe() // a successor may go on to write after its end
	require.NoError(t, err)
	p.Cmd.Stdout, p.Cmd.Stderr = write, write
	require.NoError(t, p.Cmd.Start())
	require.NoError(t, write.Close())
	p.id = p.Cmd.Process.Pid
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = io.Copy(p.Output, read)
		_ = read.Close()
	}()
	go func() {
		p.err = p.Cmd.Wait()
		select {
		case <-said:
		case <-time.After(lastWords):
		}
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("output of %s:\n%s", args[0], p.Output)
		}
	})
	return p
}

// lastWords is how long what a process has said may be under way after its end, if a
// successor goes on to write.
const lastWords = time.Second

// successor returns the process which took over from p and writes where p wrote. It is
// killed at the test's end if it still runs.
func (p *Process) successor(t *testing.T, id int) *Process {
	t.Helper()
	next := &Process{Output: p.Output, id: id, exited: make(chan struct{})}
	go func() { // it is nobody's child here, and cannot be waited for
		defer close(next.exited)
		for alive(id) {
			time.Sleep(5 * time.Millisecond)
		}
	}()
	t.Cleanup(next.Kill)
	return next
}

// alive reports whether a process runs.
func alive(id int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold spaces
	return !strings.HasPrefix(rest, "Z")          // it has ended, and nobody has asked how
}

// PID returns its number.
func (p *Process) PID() int { return p.id }

// Signal sends it a signal; it may have ended.
func (p *Process) Signal(s syscall.Signal) {
	if !p.HasExited() {
		_ = syscall.Kill(p.id, s)
	}
}

// Kill ends the process by SIGKILL and waits for its end.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.exited
}

// HasExited reports whether it has ended.
func (p *Process) HasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// EndsWithin reports whether the process ends by itself in that time.
func (p *Process) EndsWithin(d time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(d):
		return false
	}
}
