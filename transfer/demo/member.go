package demo

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
	"transfer/transfer/program"
)

// member is one relay of a cluster: a process with its own configuration, data directory
// and log, all named after it.
type member struct {
	addresses
	name  string // relay-1
	file  string // its configuration
	pids  string // the file with the number of its process
	child *program.Program
}

// newMember writes the configuration of a relay.
func newMember(dir, name string, a addresses, s *site, redis string) (*member, error) {
	m := &member{addresses: a, name: name, file: filepath.Join(dir, name+".json"), pids: filepath.Join(dir, name+".pid")}
	if err := writeConfiguration(m.file, m.settings(dir, s, redis)); err != nil {
		return nil, err
	}
	return m, nil
}

// section is one section of a configuration, or the whole.
type section map[string]any

// settings returns its configuration: what waits for a backend goes to Redis, and to the
// disk from where Redis takes no more.
func (m *member) settings(dir string, s *site, redis string) section {
	listen := func(addr string) section { return section{"enabled": true, "listen": addr} }
	backend := func(name string) section {
		return section{"enabled": true, "overflow": "disk+redis", "queueBytes": "1MiB", "cluster": s.cluster(name)}
	}
	return section{
		"minStep": 1,
		"dataDir": filepath.Join(dir, m.name),
		"http":    listen(m.http),
		"rpc":     listen(m.rpc),
		"socket":  listen(m.socket),
		"redis":   section{"enabled": true, "addrs": []string{redis}, "relay": m.name},
		"judge":   backend("judge"),
		"graph":   backend("graph"),
	}
}

// writeConfiguration writes a configuration that a relay would take.
func writeConfiguration(file string, s section) error {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.MarshalIndent(s, "", "  ")
	if err == nil {
		_, err = g.Parse(file, text)
	}
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot write a configuration for the demonstration: %w", err)
	}
	return nil
}

// start runs the relay and waits until it takes points.
func (m *member) start(binary string) (err error) {
	log := strings.TrimSuffix(m.file, ".json") + ".log"
	if m.child, err = program.Start(log, binary, "-c", m.file, "--pid-file", m.pids); err != nil {
		return err
	}
	c := &http.Client{Timeout: askTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	return m.child.Await(func() bool {
		reply, err := c.Get("http://" + m.http + "/ready")
		if err != nil {
			return false
		}
		_ = reply.Body.Close()
		return reply.StatusCode == http.StatusOK
	})
}

// stop ends the relay, also one that somebody else has started again.
func (m *member) stop() error {
	if m.child != nil && !m.child.HasEnded() {
		return m.child.Stop()
	}
	id := m.other()
	if id == 0 {
		return nil
	}
	_ = syscall.Kill(id, syscall.SIGTERM) // it may just have ended
	for giveUp := time.Now().Add(program.EndWithin); m.other() == id; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(giveUp) {
			return fmt.Errorf("process %d, which runs %s, does not end", id, m.name)
		}
	}
	return nil
}

// other returns the process that the pid file names, if that runs a relay, else 0.
func (m *member) other() int {
	text, err := os.ReadFile(m.pids)
	if err != nil {
		return 0
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || id <= 1 {
		return 0
	}
	runs, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", id))
	if err != nil || m.child == nil || runs != m.child.Path() {
		return 0
	}
	return id
}
