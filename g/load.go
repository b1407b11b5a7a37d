package g

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFileBytes bounds the file: a cluster of 10,000 nodes takes about 500 KB.
const maxFileBytes = 64 * MiB

// Load reads, checks and completes the configuration in the file path. Its errors
// are for the operator: one line for each fault, FILE: KEY.PATH: what is wrong;
// remedy.
func Load(path string) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err // its text would repeat the path
		}
		return nil, fmt.Errorf("%s: cannot read the configuration: %w; name a readable file with -c", path, err)
	}
	return Parse(path, data)
}

// readFile reads path up to one byte more than Parse takes.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	return io.ReadAll(io.LimitReader(file, int64(maxFileBytes)+1))
}

// Parse is Load for data that was read already; path stands in errors and in the
// Config.
func Parse(path string, data []byte) (*Config, error) {
	said := &report{file: path}
	c := newConfig(path)
	if wellFormed(said, data) {
		readKeys(place{report: said}, members(data), c.keys())
	}
	if err := said.err(); err != nil {
		return nil, err
	}
	c.Warnings = said.warnings()
	return c, nil
}

// wellFormed reports whether data is one JSON object of a sane size.
func wellFormed(said *report, data []byte) bool {
	top := place{report: said}
	if len(data) > int(maxFileBytes) {
		top.fail(fmt.Sprintf("the file is over %s", maxFileBytes), "is it the right one?")
		return false
	}
	if fault, broken := syntaxFault(data); broken {
		said.faults.add(fault)
		return false
	}
	if kindOf(data) != jsonObject {
		top.fail("the configuration is no JSON object", "begin it with { and end it with }")
		return false
	}
	return true
}
