package bench

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"transfer/g"
)

// record is a measurement with all that it takes to judge it, and to repeat it.
type record struct {
	Date    time.Time `json:"date"`
	Command string    `json:"command"`
	Version string    `json:"version"`
	Commit  string    `json:"commit"`
	Machine machine   `json:"machine"`
	Results []Result  `json:"results"`
}

// machine is where it was measured; what could not be found out is empty.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"` // as this process may use them
	OS     string `json:"os"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

// newRecord describes results as measured now, by this process.
func newRecord(results []Result) record {
	return record{
		Date:    time.Now(),
		Command: commandLine(os.Args),
		Version: g.Version(),
		Commit:  g.Commit(),
		Machine: thisMachine(),
		Results: results,
	}
}

func thisMachine() machine {
	return machine{
		CPU:    fileValue("/proc/cpuinfo", "model name", ":"),
		Cores:  runtime.NumCPU(),
		OS:     fileValue("/etc/os-release", "PRETTY_NAME", "="),
		Kernel: kernel(),
		Go:     runtime.Version(),
	}
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
}

// fileValue returns the first value of key in a file of lines "key SEPARATOR
// value", without quotes, or nothing.
func fileValue(file, key, separator string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), separator)
		if found && strings.TrimSpace(name) == key {
			return strings.Trim(value, "\" \t")
		}
	}
	return ""
}

// commandLine returns args as one would type them, the program by its name alone.
func commandLine(args []string) string {
	words := []string{filepath.Base(args[0])}
	for _, arg := range args[1:] {
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$`*?[](){}<>|&;!#~") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
