package handover

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// The lines. Those of the new process may be failed instead, with a reason behind.
const (
	validated = "validated"
	released  = "released"
	accepting = "accepting"
	failed    = "failed"
)

// maxLine bounds a line, in bytes.
const maxLine = 64 << 10

// sayWithin is how long the other process may take to make room for a line.
const sayWithin = 5 * time.Second

// errGone says that the other process has ended, or wants no more of this one.
var errGone = errors.New("the other process is gone")

// talk is one end of the socket pair. One goroutine uses it.
type talk struct {
	conn net.Conn
	in   *bufio.Reader
}

func newTalk(conn net.Conn) *talk {
	return &talk{conn: conn, in: bufio.NewReaderSize(conn, maxLine)}
}

// say sends a line.
func (t *talk) say(line string) error {
	if err := t.conn.SetWriteDeadline(time.Now().Add(sayWithin)); err != nil {
		return err
	}
	if _, err := io.WriteString(t.conn, line+"\n"); err != nil {
		return fmt.Errorf("cannot tell the other process %q: %w", line, err)
	}
	return nil
}

// line waits for a line until ctx ends. The error is errGone, what ended ctx, or what
// is wrong with the line.
func (t *talk) line(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = t.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := t.in.ReadSlice('\n')
	switch {
	case err == nil:
		return strings.TrimSuffix(string(line), "\n"), nil
	case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return "", context.Cause(ctx)
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("cannot understand the other process: a line of more than %d bytes", maxLine)
	}
	return "", errGone
}

// hear waits for that line until ctx ends.
func (t *talk) hear(ctx context.Context, want string) error {
	line, err := t.line(ctx)
	if err != nil {
		return err
	}
	return judge(line, want)
}

// judge returns nil if the line is what is wanted, else what it says.
func judge(line, want string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case line == want:
		return nil
	case word == failed:
		return errors.New(rest)
	}
	return fmt.Errorf("cannot understand the other process: it says %q instead of %q", line, want)
}
