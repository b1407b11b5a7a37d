package g

import "strings"

// hidden stands in the place of a secret.
const hidden = "***"

// Effective returns the configuration in force, shaped as the file and with its
// units, every default filled in. It holds no secret: a password is "***", an
// address has neither user nor query, and of a disabled section nothing is shown
// but that it is. Beside each cluster stands clusterList, as in the original's
// GET /config.
func (c *Config) Effective() Object { return showKeys(c.keys()) }

// secret is a string that is never shown.
func secret(name string, to *string) key {
	k := words(name, to)
	k.show = func() any { return hidden }
	return k
}

// address is host:port or a URL; its backend knows which and checks it.
func address(to *string) key {
	k := words("address", to)
	k.show = func() any { return RedactAddress(*to) }
	return k
}

// RedactAddress takes everything out of an address or a URL in which a secret can lie. It
// doesn't parse: a URL with a fault in it must not show its password either.
func RedactAddress(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if found && !strings.ContainsAny(scheme, ":@/") {
		scheme += "://"
	} else {
		scheme, rest = "", address
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if at := strings.IndexAny(rest, "?#"); at >= 0 {
		rest = rest[:at] + "?" + hidden
	}
	return scheme + rest
}
