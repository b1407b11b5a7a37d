package main

import (
	"fmt"
	"net"
	"os"
	"strings"
)

// notifyVariable names the socket of a supervisor such as systemd.
const notifyVariable = "NOTIFY_SOCKET"

// notify tells the supervisor of this process, if it has one, such as "READY=1".
func notify(states ...string) error {
	path := os.Getenv(notifyVariable)
	if path == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("cannot tell the supervisor about this process: %w; it is to unset %s if it does not want to know", err, notifyVariable)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte(strings.Join(states, "\n"))); err != nil {
		return fmt.Errorf("cannot tell the supervisor about this process: %w", err)
	}
	return nil
}
