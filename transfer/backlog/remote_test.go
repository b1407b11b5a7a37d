package backlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// fakeRelay answers as the admin server of a relay, and notes what it was asked.
type fakeRelay struct {
	asked   []string
	answers map[string]string // by method and path
}

func (f *fakeRelay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
	answer, ok := f.answers[r.Method+" "+r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		answer = "no privilege: ask from the relay's own host\n"
	}
	_, _ = io.WriteString(w, answer)
}

func newFakeRelay(t *testing.T) (*fakeRelay, string) {
	f := &fakeRelay{answers: map[string]string{
		"GET /api/spool": `[{"target":"graph/graph-00/10.0.0.1:6070","lane":0,"state":"spooled","points":4,"memory":2,"bytes":4096,"encoding":"graph/1"},` +
			`{"target":"graph/graph-00/10.0.0.1:6070","lane":1,"state":"spooled","points":1,"bytes":4096,"encoding":"graph/1"},` +
			`{"target":"judge/a/b:1","lane":0,"state":"live","points":0,"memory":7,"bytes":0}]`,
		"GET /api/spool/show":   `{"points":[{"target":"x","number":3,"when":"2026-01-02T03:04:05Z","hash":1,"encoding":"graph/1","text":"one"},{"target":"x","number":4,"text":"two"}],"new":{"a":[1]},"damaged":0}`,
		"POST /api/spool/purge": `{"points":5}`,
		"GET /api/dead":         `[{"target":"tsdb","points":3,"bytes":4096}]`,
		"POST /api/dead/resend": `{"points":3}`,
	}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

// ask runs a command against a relay and returns what it printed.
func ask(cmd *cobra.Command, args ...string) (string, error) {
	var out bytes.Buffer
	cmd.SetIn(strings.NewReader(""))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceErrors = true
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

func notOpened(string) (Data, error) { panic("the data directory is not the command's") }

func TestAskRelay(t *testing.T) {
	relay, url := newFakeRelay(t)
	out, err := ask(SpoolCommand(notOpened), "list", "--relay", url)
	require.NoError(t, err)
	require.Equal(t, []string{
		"TARGET                        LANE  STATE    POINTS  MEMORY  BYTES    OLDEST  NEWEST  ENCODING",
		"graph/graph-00/10.0.0.1:6070  0     spooled  4       2       4.0 KiB  -       -       graph/1",
		"graph/graph-00/10.0.0.1:6070  1     spooled  1       0       4.0 KiB  -       -       graph/1",
		"judge/a/b:1                   0     live     0       7       0 B      -       -",
		"all                           -     -        5       9       8.0 KiB",
	}, lines(out))

	relay.asked = nil
	out, err = ask(SpoolCommand(notOpened), "show", "graph", "judge", "--limit", "2", "--relay", url)
	require.NoError(t, err)
	require.Contains(t, out, "and 2 more: --limit shows them\nand 2 in memory, which are not shown\n")
	require.Contains(t, out, "judge/a/b:1\nand 7 in memory, which are not shown\n")
	require.Equal(t, []string{
		"GET /api/spool",
		"GET /api/spool/show?lane=0&limit=2&target=graph%2Fgraph-00%2F10.0.0.1%3A6070",
		"GET /api/spool/show?lane=1&limit=2&target=graph%2Fgraph-00%2F10.0.0.1%3A6070",
	}, relay.asked)

	relay.asked = nil
	out, err = ask(SpoolCommand(notOpened), "purge", "graph", "--yes", "--relay", url)
	require.NoError(t, err)
	require.Contains(t, out, "purged 5 points\n")
	require.Equal(t, []string{"GET /api/spool", `POST /api/spool/purge {"target":"graph/graph-00/10.0.0.1:6070"}`}, relay.asked, "once, whatever the lanes")

	relay.asked = nil
	out, err = ask(DeadCommand(notOpened), "resend", "tsdb", "--until", "9", "--relay", url)
	require.NoError(t, err)
	require.Equal(t, "tsdb: resent 3 points\n", out)
	require.Equal(t, []string{"GET /api/dead", `POST /api/dead/resend {"target":"tsdb","until":9}`}, relay.asked)

	_, err = ask(DeadCommand(notOpened), "purge", "tsdb", "--yes", "--relay", url)
	require.ErrorContains(t, err, "the relay answers 403: no privilege: ask from the relay's own host")
}

// brokenPipe takes so many bytes, then none.
type brokenPipe struct{ left int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.left -= len(b); p.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

// Points are printed as they come, and not asked for any longer than somebody wants them.
func TestShowOfAnEndlessSpool(t *testing.T) {
	relay, _ := newFakeRelay(t)
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/spool/show" {
			relay.ServeHTTP(w, r)
			return
		}
		defer close(left)
		_, err := io.WriteString(w, `{"points":[{"target":"x","number":1,"text":"one"}`)
		for err == nil && r.Context().Err() == nil {
			_, err = io.WriteString(w, `,{"target":"x","number":2,"text":"two"}`)
		}
	}))
	defer server.Close()
	cmd := SpoolCommand(notOpened)
	cmd.SetOut(&brokenPipe{left: 1 << 20})
	cmd.SetErr(io.Discard)
	cmd.SilenceErrors = true
	cmd.SetArgs([]string{"show", "graph/graph-00/10.0.0.1:6070", "--limit", "0", "--relay", server.URL})
	require.ErrorIs(t, cmd.Execute(), io.ErrClosedPipe)
	<-left
}

func TestRelayAnswersBadly(t *testing.T) {
	relay, url := newFakeRelay(t)
	for answer, want := range map[string]string{
		`{"points":[{"number":3}],"damaged":2,"error":"bad disk"}`: "bad disk",
		`{"points":[{"number":3},{"num`:                            "cannot read the relay's answer",
		`{"points":"none"}`:                                        "cannot read the relay's answer",
	} {
		relay.answers["GET /api/spool/show"] = answer
		_, err := ask(SpoolCommand(notOpened), "show", "graph", "--relay", url)
		require.ErrorContains(t, err, want)
	}
	relay.answers["GET /api/spool"] = "<html>"
	_, err := ask(SpoolCommand(notOpened), "list", "--relay", url)
	require.ErrorContains(t, err, "cannot read the relay's answer")
	_, err = ask(SpoolCommand(notOpened), "list", "--relay", "http://127.0.0.1:1")
	require.ErrorContains(t, err, "--relay names its admin server")
	_, err = ask(SpoolCommand(notOpened), "list", "--relay", "127.0.0.1:1")
	require.ErrorContains(t, err, "cannot ask the relay")
}

// The relay that has the data directory is asked, where the configuration tells how.
func TestRelayOfTheConfiguration(t *testing.T) {
	_, url := newFakeRelay(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	dir := t.TempDir()
	runs := func(string) (Data, error) { return nil, fmt.Errorf("%w: it is locked", ErrRuns) }
	config := filepath.Join(dir, "cfg.json")
	for listen, finds := range map[string]bool{
		"127.0.0.1:" + port: true, "0.0.0.0:" + port: true, ":" + port: true, "[::]:" + port: true, "localhost:" + port: true, ":0": false,
	} {
		text, err := json.Marshal(map[string]any{"dataDir": dir, "http": map[string]any{"enabled": true, "listen": listen}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(config, text, 0o600))
		out, err := ask(DeadCommand(runs), "list", "-c", config)
		if finds {
			require.NoError(t, err, listen)
			require.Contains(t, out, "tsdb", listen)
		} else {
			require.ErrorContains(t, err, "ask it with --relay", listen)
		}
	}
	_, err := ask(DeadCommand(runs), "list", "--data", dir)
	require.ErrorIs(t, err, ErrRuns)
	require.ErrorContains(t, err, "ask it with --relay")
}

func TestResendNeedsARelay(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	fillLetters(t, dir)
	_, err := run(t, DeadCommand(data.open), "", dir, "resend", tsdb)
	require.ErrorContains(t, err, "the relay does not run")
}
