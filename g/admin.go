package g

import (
	"net"
	"net/netip"
)

// AdminURL returns where the admin server of a relay with this configuration can be
// asked from its own host, such as http://127.0.0.1:6060; empty if it has none, or a
// port that the configuration does not say.
func (c *Config) AdminURL() string {
	host, port, err := net.SplitHostPort(c.HTTP.Listen)
	if err != nil || !c.HTTP.Enabled || port == "0" {
		return ""
	}
	if at, err := netip.ParseAddr(host); host == "" || err == nil && at.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
