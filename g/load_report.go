package g

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxFindings bounds what is said of one file: a file that is wrong throughout
// need not be wrong in ten thousand lines.
const maxFindings = 100

// report gathers what there is to say of a file.
type report struct {
	file           string
	faults, doubts findings
}

// findings is a list that keeps the first maxFindings and counts the rest.
type findings struct {
	list []Finding
	more int
}

func (f *findings) add(one Finding) {
	if len(f.list) == maxFindings {
		f.more++
		return
	}
	f.list = append(f.list, one)
}

// all returns the list, with a last line for those that were only counted.
func (f *findings) all() []Finding {
	if f.more == 0 {
		return f.list
	}
	return append(f.list, Finding{Text: fmt.Sprintf("%d more like these", f.more)})
}

// warnings returns what has no effect, nil when there is nothing to say.
func (r *report) warnings() []Finding { return r.doubts.all() }

// err returns all faults joined, a line each, nil when there are none.
func (r *report) err() error {
	all := r.faults.all()
	errs := make([]error, len(all))
	for i, f := range all {
		errs[i] = fmt.Errorf("%s: %s", r.file, f)
	}
	return errors.Join(errs...)
}

// place is a key of the file: it turns a complaint into a Finding that names the
// key's path.
type place struct {
	report *report
	path   string
}

// under returns the place of a key within p.
func (p place) under(key string) place {
	if strings.ContainsFunc(key, odd) || key == "" {
		key = shown(key)
	}
	if p.path != "" {
		key = p.path + "." + key
	}
	return place{report: p.report, path: key}
}

// fail notes a fault: the file can't be used.
func (p place) fail(text, remedy string) {
	p.report.faults.add(Finding{Key: p.path, Text: text, Remedy: remedy})
}

// warn notes something that has no effect.
func (p place) warn(text, remedy string) {
	p.report.doubts.add(Finding{Key: p.path, Text: text, Remedy: remedy})
}

// odd reports whether r would blur a key's path or a line of output.
func odd(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '"' || r == unicode.ReplacementChar
}

// shown quotes a piece of the file for a message: one line, not too long.
func shown(s string) string {
	const enough = 60
	if len(s) > enough {
		s = strings.ToValidUTF8(s[:enough], "") + "..."
	}
	return strconv.Quote(s)
}
