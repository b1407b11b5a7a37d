package bench

import (
	"bytes"
	"net"
)

// newLineSink returns what counts the lines of a connection and answers nothing, as
// OpenTSDB's and Graphite's ports do.
func newLineSink(t *tally) func(net.Conn) error {
	return func(c net.Conn) error {
		in := newInbox(c, sinkBytes)
		for {
			lines, err := in.lines()
			if err != nil {
				return err
			}
			t.took(bytes.Count(lines, []byte{'\n'}), lines)
		}
	}
}
