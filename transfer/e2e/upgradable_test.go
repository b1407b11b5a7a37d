package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// upgradable is a relay whose program may be replaced, and whose process may be another
// one later. It embeds what asks the relay by its ports.
type upgradable struct {
	relay
	program string // the file that an upgrade runs
	config  string // file
	log     string // file: a pipe would keep the first process from ending
	first   *exec.Cmd
}

// startUpgradable starts a relay with cfg, and flags, and waits until it is ready. All
// processes of its program are killed at the test's end.
func startUpgradable(t *testing.T, cfg section, flags ...string) *upgradable {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(withPorts(t, cfg))
	require.NoError(t, err)
	u := &upgradable{program: filepath.Join(dir, "transfer"), config: filepath.Join(dir, "cfg.json"), log: filepath.Join(dir, "log")}
	u.exited = make(chan struct{})
	require.NoError(t, os.WriteFile(u.config, text, 0o600))
	u.install(t, binary)
	log, err := os.Create(u.log)
	require.NoError(t, err)
	u.first = exec.Command(u.program, append([]string{"-c", u.config}, flags...)...)
	u.first.Dir, u.first.Stdout, u.first.Stderr = dir, log, log
	require.NoError(t, u.first.Start())
	require.NoError(t, log.Close())
	go func() {
		u.err = u.first.Wait()
		close(u.exited)
	}()
	t.Cleanup(func() {
		for _, id := range u.processes(t) {
			_ = syscall.Kill(id, syscall.SIGKILL)
		}
		<-u.exited
		if t.Failed() {
			t.Logf("output of the relay:\n%s", u.says(t))
		}
	})
	eventually(t, "the relay is ready", 20*time.Second, func() bool {
		return u.hasExited() || strings.Contains(u.says(t), "relay is ready")
	})
	ports := regexp.MustCompile(`relay is ready".* rpc=(\S+) http=(\S+) socket=(\S+)`).FindStringSubmatch(u.says(t))
	require.NotNil(t, ports, u.says(t))
	u.rpc, u.http, u.socket = ports[1], ports[2], ports[3]
	return u
}

// install puts a copy of a program where an upgrade finds it.
func (u *upgradable) install(t *testing.T, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	u.installText(t, data)
}

// installText puts a program where an upgrade finds it.
func (u *upgradable) installText(t *testing.T, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(u.program+".new", data, 0o700))
	require.NoError(t, os.Rename(u.program+".new", u.program))
}

// says returns what all processes of the relay have printed.
func (u *upgradable) says(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(u.log)
	require.NoError(t, err)
	return string(text)
}

// upgrade runs `transfer upgrade` and returns what it printed, and its exit code.
func (u *upgradable) upgrade(t *testing.T, flags ...string) (text string, code int) {
	t.Helper()
	if len(flags) == 0 {
		flags = []string{"--relay", "http://" + u.http}
	}
	cmd := exec.Command(binary, append([]string{"upgrade"}, flags...)...)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// mustUpgrade upgrades and returns the new process.
func (u *upgradable) mustUpgrade(t *testing.T) int {
	t.Helper()
	was := u.process(t)
	text, code := u.upgrade(t)
	require.Zero(t, code, text)
	is := u.process(t)
	require.NotEqual(t, was, is)
	require.Equal(t, fmt.Sprintf("upgraded: process %d has taken over from %d\n", is, was), text)
	eventually(t, "the old process is gone", 4*time.Second, func() bool { return len(u.processes(t)) == 1 })
	return is
}

// process returns the process that answers.
func (u *upgradable) process(t *testing.T) int {
	t.Helper()
	// A connection that is kept would be closed by the upgrade.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Get("http://" + u.http + "/api/upgrade")
	require.NoError(t, err)
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	var state stat.Upgrade
	require.NoError(t, json.Unmarshal(text, &state), string(text))
	return state.Process
}

// processes returns those that run whatever was installed, by whatever name.
func (u *upgradable) processes(t *testing.T) (ids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline") // it may have ended
		if bytes.Contains(line, []byte(u.program)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// end stops the relay's last process by SIGTERM and waits for its end.
func (u *upgradable) end(t *testing.T) {
	t.Helper()
	require.NoError(t, syscall.Kill(u.process(t), syscall.SIGTERM))
	eventually(t, "it has ended", 10*time.Second, func() bool { return len(u.processes(t)) == 0 })
	require.NoError(t, u.err, "exit of the first process")
	for _, address := range []string{u.rpc, u.http, u.socket} {
		_, err := net.Dial("tcp", address)
		require.Error(t, err, "somebody still listens")
	}
}

// descriptors returns how many files a process has open.
func descriptors(t *testing.T, process int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", process))
	require.NoError(t, err)
	return len(entries)
}
