package bench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	jsoniter "github.com/json-iterator/go"
)

// report writes results as the flags ask for: the tables to out, or in their place
// the JSON, and files. One that cannot be written does not keep the others from it.
func (o *options) report(out io.Writer, results []Result) error {
	if len(results) == 0 {
		return errors.New("cannot report: nothing was measured")
	}
	r := newRecord(results)
	var errs []error
	if o.json == "-" {
		errs = append(errs, r.writeJSON(out))
	} else {
		Report(out, results)
	}
	if o.json != "" && o.json != "-" {
		errs = append(errs, writeFile(o.json, r.writeJSON))
	}
	if o.markdown != "" {
		errs = append(errs, r.updateMarkdown(o.markdown))
	}
	if o.chart != "" {
		errs = append(errs, writeFile(o.chart, r.writeChart))
	}
	return errors.Join(errs...)
}

// writeJSON writes all of r, durations in nanoseconds, sizes in bytes.
func (r record) writeJSON(out io.Writer) error {
	encoder := jsoniter.ConfigCompatibleWithStandardLibrary.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("cannot write the results as JSON: %w", err)
	}
	return nil
}

// writeFile creates or replaces a file, and the folder that is to hold it.
func writeFile(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot keep the results: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("cannot keep the results: %w", err)
	}
	return errors.Join(write(file), file.Close())
}
