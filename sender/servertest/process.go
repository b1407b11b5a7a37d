// Package servertest starts real backends for tests: those that Debian packages,
// on free loopback ports, with their data in the test's own folder. They end with
// the test.
package servertest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startTimeout bounds how long a server may take to answer.
const startTimeout = 30 * time.Second

// installed returns the path of program. Without it the test is skipped, or fails
// where CI is set to true: there nothing may go untested unnoticed.
func installed(t testing.TB, program, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	advice := fmt.Sprintf("%s is not installed: apt-get install %s", program, debianPackage)
	if os.Getenv("CI") == "true" {
		t.Fatal(advice)
	}
	t.Skip("SKIP: " + advice)
	return ""
}

// run starts a server and waits until GET readyURL answers with a good status.
func run(t testing.TB, readyURL, path string, args ...string) {
	t.Helper()
	var output log
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &output, &output
	// A test binary that is killed takes its servers along.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start %s: %v", path, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed, below
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its data goes with the test's folder
		<-ended
	})
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(startTimeout); ; {
		reply, err := client.Get(readyURL)
		if err == nil {
			_ = reply.Body.Close()
			if reply.StatusCode/100 == 2 {
				return
			}
		}
		select {
		case <-ended:
			t.Fatalf("%s ended at once:\n%s", path, output.String())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready after %s (%v):\n%s", path, startTimeout, err, output.String())
		}
	}
}

// freeAddresses returns n addresses on loopback that nobody listens on.
func freeAddresses(t testing.TB, n int) []string {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("cannot find a free port: %v", err)
		}
		defer func() { _ = l.Close() }() // all at the end: no port comes twice
		addresses[i] = l.Addr().String()
	}
	return addresses
}

// log keeps what a server prints; two goroutines of os/exec may write to it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all of it.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
