package bench

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of the report anew, to be looked at before they are committed")

// golden holds got to the file of that name in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run the test with -update when the new text is right")
}

// fixedRow returns the row of that name.
func fixedRow(t *testing.T, name string) Row {
	t.Helper()
	for _, row := range Rows() {
		if row.Name == name {
			return row
		}
	}
	require.Fail(t, "no row is called "+name)
	return Row{}
}

// fixedResults are made up so that some bars are met and some missed. The runs of
// a row differ by a tenth.
func fixedResults(t *testing.T) []Result {
	t.Helper()
	const us, ms = time.Microsecond, time.Millisecond
	var results []Result
	for _, c := range []struct {
		name    string
		rate    float64 // points/s
		cpu     time.Duration
		ack     Latency
		arrival Latency
		memory  int64 // MiB
		share   float64
	}{
		{"rpc-graph-judge-3", 2_100_000, 450, Latency{P50: 2 * ms, P99: 9 * ms}, Latency{}, 90, 1},
		{"rpc-graph-judge-100", 1_500_000, 700, Latency{P50: 2500 * us, P99: 12 * ms}, Latency{}, 130, 1},
		{"http-graph-judge-3", 1_800_000, 580, Latency{P50: 3 * ms, P99: 11 * ms}, Latency{}, 92, 1},
		{"socket-tsdb", 4_000_000, 190, Latency{}, Latency{}, 70, 0.99998},
		{"rpc-graph-judge-3-1m", 1_700_000, 600, Latency{P50: 2 * ms, P99: 10 * ms}, Latency{}, 590, 1},
		{"paced-rpc-graph-judge-3", 100_000, 900, Latency{P50: 210 * us, P99: 1200 * us}, Latency{P50: 7 * ms, P99: 14 * ms}, 140, 1},
		{"paced-rpc-graph-judge-100", 100_000, 1900, Latency{P50: 220 * us, P99: 3400 * us}, Latency{P50: 41 * ms, P99: 77 * ms}, 150.0, 1},
		{"paced-socket-tsdb", 100_000, 400, Latency{}, Latency{P50: 3 * ms, P99: 8 * ms}, 80, 1},
		{"carbon-c-relay", 480_000, 2270, Latency{}, Latency{}, 300, 1},
		{"vmagent", 700_000, 1900, Latency{}, Latency{}, 256, 1},
		{"plain", 110_000, 7400, Latency{P50: 50 * ms, P99: 240 * ms}, Latency{}, 410, 1},
	} {
		result := Result{Row: fixedRow(t, c.name)}
		for i, part := range []int{10, 9, 11} {
			run := Run{
				Points: 1_000_000, CPU: c.cpu * time.Duration(part) * 100_000, Ack: c.ack, Arrival: c.arrival,
				Took: time.Duration(1e15 / c.rate), Memory: c.memory << 20, Share: 1,
			}
			if i == 1 {
				run.Share = c.share
			}
			result.Runs = append(result.Runs, run)
		}
		results = append(results, result)
	}
	return results
}

func fixedRecord(t *testing.T) record {
	t.Helper()
	return record{
		Date:    time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC),
		Command: "transfer bench --rows 'path|peers'",
		Version: "0.1.0",
		Commit:  "0123abc",
		Machine: machine{CPU: "Processor <X> 2.0 GHz", Cores: 2, OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "Linux 6.1.0", Go: "go1.26.0"},
		Results: fixedResults(t),
	}
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	Report(&out, fixedResults(t))
	golden(t, "report.txt", out.Bytes())
}

func TestReportOfAPart(t *testing.T) {
	var out bytes.Buffer
	one := fixedResults(t)[0]
	one.Runs = one.Runs[:1]
	Report(&out, []Result{one, {Row: fixedRow(t, "plain")}})
	golden(t, "report_part.txt", out.Bytes())
}

func TestJSON(t *testing.T) {
	r := fixedRecord(t)
	var out bytes.Buffer
	require.NoError(t, r.writeJSON(&out))
	var read record
	require.NoError(t, jsoniter.Unmarshal(out.Bytes(), &read))
	require.Equal(t, r, read)
	r.Results = r.Results[:1]
	out.Reset()
	require.NoError(t, r.writeJSON(&out))
	golden(t, "report.json", out.Bytes())
}

func TestMarkdown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	write := func(text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	r := fixedRecord(t)
	write("# Title\n\n" + generatedBegin + "\nold\n" + generatedEnd + "\n\nEnd.\n")
	for range 2 { // the second time changes nothing
		require.NoError(t, r.updateMarkdown(path))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		golden(t, "report.md", got)
	}
	for _, text := range []string{"", generatedBegin, generatedEnd, generatedEnd + generatedBegin} {
		write(text)
		require.ErrorContains(t, r.updateMarkdown(path), "cannot renew the generated part")
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(got), "it is left alone")
	}
	require.ErrorContains(t, r.updateMarkdown(path+".none"), "cannot renew the generated part")
}

func TestChart(t *testing.T) {
	r := fixedRecord(t)
	var out bytes.Buffer
	require.NoError(t, r.writeChart(&out))
	golden(t, "chart.svg", out.Bytes())

	r.Results = []Result{{Row: fixedRow(t, "paced-socket-tsdb"), Runs: r.Results[0].Runs}}
	require.ErrorContains(t, r.writeChart(io.Discard), "none was measured")
}

func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	doc := filepath.Join(dir, "doc.md")
	require.NoError(t, os.WriteFile(doc, []byte(generatedBegin+"\n"+generatedEnd), 0o644))
	o := options{json: filepath.Join(dir, "r.json"), markdown: doc, chart: filepath.Join(dir, "img", "c.svg")}
	var out bytes.Buffer
	require.NoError(t, o.report(&out, fixedResults(t)))
	require.Contains(t, out.String(), verdictsTitle)
	for _, path := range []string{o.json, o.markdown, o.chart} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(text), "carbon-c-relay", path)
	}

	out.Reset()
	o = options{json: "-"}
	require.NoError(t, o.report(&out, fixedResults(t)))
	var read record
	require.NoError(t, jsoniter.Unmarshal(out.Bytes(), &read))
	require.Equal(t, fixedResults(t), read.Results)

	o = options{json: filepath.Join(doc, "r.json"), chart: filepath.Join(dir, "c2.svg")}
	require.ErrorContains(t, o.report(io.Discard, fixedResults(t)), "cannot keep the results")
	require.FileExists(t, o.chart, "one that fails does not keep the others from it")
	require.ErrorContains(t, o.report(io.Discard, nil), "nothing was measured")
}

// TestBarsNameRows checks that no bar waits for a row that there isn't.
func TestBarsNameRows(t *testing.T) {
	var all []Result
	for _, row := range Rows() {
		run := Run{Points: 1, Took: time.Second, CPU: time.Microsecond, Ack: Latency{P99: 1}, Arrival: Latency{P99: 1}}
		all = append(all, Result{Row: row, Runs: []Run{run}})
	}
	b := newBoard(all)
	for _, bar := range bars() {
		_, ok := bar.value(b)
		require.True(t, ok, bar.what)
	}
}

func TestVerdict(t *testing.T) {
	most, least, none := bar{limit: 2}, bar{limit: 2, least: true}, bar{}
	for x, want := range map[float64][3]string{
		1.99: {"met", "missed", "-"},
		2:    {"met", "met", "-"},
		2.01: {"missed", "met", "-"},
	} {
		require.Equal(t, want, [3]string{most.verdict(x), least.verdict(x), none.verdict(x)}, x)
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 3.0, median([]float64{9, 1, 3}))
	require.Equal(t, 2.0, median([]float64{9, 1, 3, 1}))
	require.Equal(t, 5*time.Second, median([]time.Duration{5 * time.Second}))
}

func TestFigures(t *testing.T) {
	for x, want := range map[float64]string{0: "0.000", 0.1284: "0.128", 0.9996: "1.00", 1.279: "1.28", 9.996: "10.0", 12.77: "12.8", 127.8: "128"} {
		require.Equal(t, want, figure(x))
	}
	for x, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567.4: "1,234,567"} {
		require.Equal(t, want, thousands(x))
	}
	for x, want := range map[float64]string{1: "1", 0.99999: "0.9999", 1.00009: "1.0000", 0: "0.0000"} {
		require.Equal(t, want, shareText(x))
	}
}

func TestTickStep(t *testing.T) {
	for most, want := range map[float64]float64{0: 1, 0.45: 0.1, 1.2: 0.2, 2.9: 0.5, 6: 1, 7.4: 2, 31: 10} {
		require.InDelta(t, want, tickStep(most), 1e-9, most)
	}
}

func TestCommandLine(t *testing.T) {
	require.Equal(t, "transfer bench --rows '^(path|peers)$' --runs 1 'it'\\''s' ''",
		commandLine([]string{"/any/where/transfer", "bench", "--rows", "^(path|peers)$", "--runs", "1", "it's", ""}))
}

func TestThisMachine(t *testing.T) {
	m := thisMachine()
	require.NotEmpty(t, m.Kernel)
	require.Positive(t, m.Cores)
	file := filepath.Join(t.TempDir(), "info")
	require.NoError(t, os.WriteFile(file, []byte("flags\t: a b\nmodel name\t: Fast 3\nmodel name\t: Slow\n"), 0o600))
	require.Equal(t, "Fast 3", fileValue(file, "model name", ":"))
	require.Empty(t, fileValue(file, "model", ":"))
	require.Empty(t, fileValue(file+".none", "model name", ":"))
}
