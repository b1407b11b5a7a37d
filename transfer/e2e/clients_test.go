package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireProgram returns the program's path; without it the test fails in CI and is
// skipped elsewhere.
func requireProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: .ci/install installs it", name)
	}
	t.Skipf("SKIP: %s is not installed", name)
	return ""
}

// run runs a client to its end and returns what it printed.
func run(t *testing.T, stdin, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(requireProgram(t, program), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// pythonAgent sends one request without a newline, as Open-Falcon's Python clients
// do, and prints the reply.
const pythonAgent = `
import json, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
s = socket.create_connection((host, int(port)))
point = {"endpoint": "py", "metric": "load", "value": 0.5, "step": 60, "counterType": "GAUGE", "tags": "", "timestamp": 1600000020}
s.sendall(json.dumps({"method": "Transfer.Update", "params": [[point]], "id": 7}).encode())
print(s.makefile().readline())
`

// gobPoint is the argument as a stock Go client of the original declares it.
type gobPoint struct {
	Endpoint  string
	Metric    string
	Value     any
	Step      int64
	Type      string
	Tags      string
	Timestamp int64
}

type gobReply struct {
	Message string
	Total   int
	Invalid int
	Latency int64
}

func TestEveryKindOfClientDelivers(t *testing.T) {
	site := newSite(t)
	r := startRelay(t, withPorts(t, site.sections()))
	want := make(map[arrival]int)

	t.Run("Python without newlines", func(t *testing.T) {
		out := run(t, "", "python3", "-c", pythonAgent, r.rpc)
		require.Contains(t, out, `"Total":1,"Invalid":0`)
		require.Contains(t, out, `"id":7`)
		want[arrival{"py/load", 1600000020, 0.5}]++
	})
	t.Run("gob", func(t *testing.T) {
		client, err := rpc.Dial("tcp", r.rpc)
		require.NoError(t, err)
		defer func() { _ = client.Close() }()
		var answer gobReply
		require.NoError(t, client.Call("Transfer.Update", []*gobPoint{
			{Endpoint: "go", Metric: "a", Value: 1.5, Step: 60, Type: "GAUGE", Timestamp: 1600000020},
			{Endpoint: "go", Metric: "b", Value: "2.5", Step: 60, Type: "GAUGE", Tags: "k=v", Timestamp: 1600000020},
			{Endpoint: "go", Metric: "c", Value: int64(3), Step: 60, Type: "GAUGE", Timestamp: 1600000020},
			{Endpoint: "", Metric: "d", Value: 1.0, Step: 60, Type: "GAUGE", Timestamp: 1600000020},
		}, &answer))
		require.Equal(t, 4, answer.Total)
		require.Equal(t, 1, answer.Invalid)
		want[arrival{"go/a", 1600000020, 1.5}]++
		want[arrival{"go/b/k=v", 1600000020, 2.5}]++
		want[arrival{"go/c", 1600000020, 3}]++
	})
	t.Run("nc", func(t *testing.T) {
		host, port, err := net.SplitHostPort(r.socket)
		require.NoError(t, err)
		run(t, "update nc load/idc=bj 1600000020 4.5 GAUGE 60\nquit\n", "nc", "-q", "1", host, port)
		want[arrival{"nc/load/idc=bj", 1600000020, 4.5}]++
	})
	t.Run("curl", func(t *testing.T) {
		out := run(t, "", "curl", "-sS", "-X", "POST", "http://"+r.http+"/api/push", "-d",
			`[{"endpoint":"curl","metric":"load","value":5.5,"step":60,"counterType":"GAUGE","tags":"","timestamp":1600000020}]`)
		require.Contains(t, out, `{"msg":"success","data":{"Message":"ok","Total":1,"Invalid":0,"Latency":`)
		want[arrival{"curl/load", 1600000020, 5.5}]++
	})
	t.Run("transfer push", func(t *testing.T) {
		for via, address := range map[string]string{"rpc": r.rpc, "gob": r.rpc, "http": r.http, "socket": r.socket} {
			run(t, "", binary, "push", "--to", address, "--via", via, "--endpoint", "push", "--metric", via,
				"--value", "6.5", "--type", "GAUGE", "--step", "60", "--timestamp", "1600000020")
			want[arrival{"push/" + via, 1600000020, 6.5}]++
		}
	})

	r.drained(t)
	r.stop(t)
	requireEachOnce(t, want, site.judges)
	requireEachOnce(t, want, site.graphs)
}

func TestPipelinedRequestsEachGetTheirOwnAnswer(t *testing.T) {
	site := newSite(t)
	r := startRelay(t, withPorts(t, site.sections()))
	conn, err := net.Dial("tcp", r.rpc)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()

	const requests = 1000
	var all strings.Builder
	want := make(map[arrival]int)
	for id := range requests {
		fmt.Fprintf(&all, `{"id":"n%d","method":"Transfer.Update","params":[[`, id)
		for i := range id % 4 {
			if i > 0 {
				all.WriteByte(',')
			}
			fmt.Fprintf(&all, `{"endpoint":"e%d","metric":"m%d","value":%d,"step":60,"counterType":"GAUGE","timestamp":1600000020}`, id, i, id)
			want[arrival{fmt.Sprintf("e%d/m%d", id, i), 1600000020, float64(id)}]++
		}
		all.WriteString(`]]}`)
	}
	go func() { _, _ = conn.Write([]byte(all.String())) }()
	replies := bufio.NewReader(conn)
	for id := range requests {
		answer := readReply(t, replies)
		require.Equal(t, strconv.Quote("n"+strconv.Itoa(id)), string(answer.ID))
		require.Equal(t, id%4, answer.Result.Total)
	}
	r.drained(t)
	r.stop(t)
	requireEachOnce(t, want, site.graphs)
}
