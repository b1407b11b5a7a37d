package sender

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"transfer/g"
)

// checkNodes makes sure that the section names nodes to send to; port is the one
// to show in the remedy.
func checkNodes(section *g.Backend, port string) error {
	name := section.Name
	if len(section.Nodes) == 0 {
		return fmt.Errorf(`%s.cluster: no node; name at least one, such as "%s-00": "host:%s"`, name, name, port)
	}
	for _, node := range section.Nodes {
		if node.Name == "" {
			return fmt.Errorf(`%s.cluster: a node without a name; name it, such as "%s-00"`, name, name)
		}
		path := name + ".cluster." + node.Name
		if len(node.Addresses) == 0 {
			return fmt.Errorf(`%s: no address; give one, such as "host:%s", or several with commas between`, path, port)
		}
		for _, address := range node.Addresses {
			if err := checkAddress(path, address, port); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAddress makes sure that address is host:port; path is its key.
func checkAddress(path, address, port string) error {
	if address == "" {
		return fmt.Errorf(`%s: no address; give one, such as "host:%s"`, path, port)
	}
	if _, p, err := net.SplitHostPort(address); err == nil {
		if n, err := strconv.Atoi(p); err == nil && n > 0 && n <= 65535 {
			return nil
		}
	}
	return fmt.Errorf(`%s: %q is no host and port; write them such as "host:%s"`, path, g.RedactAddress(address), port)
}

// httpAddress is where an HTTP backend is reached.
type httpAddress struct {
	base     string // scheme://host[:port][/path], without user and trailing slash
	user     string // from the URL, seldom set
	password string
}

// parseHTTPAddress takes address apart; path is its key, example what to show in
// the remedy.
func parseHTTPAddress(path, address, example string) (httpAddress, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// Not even quoted: a URL may hold a password.
		return httpAddress{}, fmt.Errorf("%s: no usable URL; write one, such as %q", path, example)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return httpAddress{}, fmt.Errorf("%s: leave out what follows the %q of the URL; the relay adds its own", path, "?")
	}
	password, _ := u.User.Password()
	a := httpAddress{user: u.User.Username(), password: password}
	u.User = nil
	a.base = strings.TrimRight(u.String(), "/")
	return a, nil
}
