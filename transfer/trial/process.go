package trial

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Process is a program that runs until the test's end at most.
type Process struct {
	Cmd    *exec.Cmd
	Output *output
	exited chan struct{}
	err    error // of its end; read after exited
}

// Launch starts a program. It is killed at the test's end if it still runs.
func Launch(t *testing.T, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(args[0], args[1:]...), Output: &output{}, exited: make(chan struct{})}
	p.Cmd.Dir = t.TempDir()
	p.Cmd.Stdout, p.Cmd.Stderr = p.Output, p.Output
	require.NoError(t, p.Cmd.Start())
	go func() {
		p.err = p.Cmd.Wait()
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

// PID returns its number.
func (p *Process) PID() int { return p.Cmd.Process.Pid }

// Signal sends it a signal; it may have ended.
func (p *Process) Signal(s os.Signal) { _ = p.Cmd.Process.Signal(s) }

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

// output keeps the first and the last of what a process prints.
type output struct {
	mu   sync.Mutex
	head bytes.Buffer
	tail []byte
}

const kept = 16 << 10 // bytes of the first, and of the last

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(len(p), kept-o.head.Len())
	o.head.Write(p[:n])
	o.tail = append(o.tail, p[n:]...)
	if len(o.tail) > 2*kept {
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-kept:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.head.String() + string(o.tail)
}
