package g

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Redis is the section of what several relays share. All of it takes a restart.
type Redis struct {
	Enabled     bool
	Addrs       []string // host:port; several: of one Redis Cluster or, with MasterName, of its Sentinels
	MasterName  string   // the name by which Sentinels know the server; empty: no Sentinels
	Username    string
	Password    string
	DB          int
	TLS         RedisTLS
	Prefix      string        // of all keys; relays with one prefix are one site
	Relay       string        // this relay's id; empty: one that is made once and kept in the data directory
	ConnTimeout time.Duration // to connect
	CallTimeout time.Duration // of one call
	Lease       time.Duration // how long a stream stays with a relay that is not heard of; at least 4 x CallTimeout
	StreamShare float64       // of Redis' memory that one stream may take, above 0
	Share       float64       // of Redis' memory in use at which nothing more is appended, above 0
}

// RedisTLS is how connections to Redis are encrypted.
type RedisTLS struct {
	Enabled           bool
	CAFile            string // PEM; empty: the system's
	CertFile, KeyFile string // PEM, of this relay; empty: none is shown
	ServerName        string // that the server's certificate must have; empty: its host
}

func newRedis() Redis {
	return Redis{
		Prefix:      "transfer",
		ConnTimeout: time.Second,
		CallTimeout: time.Second,
		Lease:       10 * time.Second,
		StreamShare: 0.1,
		Share:       0.5,
	}
}

// section is the section "redis".
func (r *Redis) section() key {
	return section("redis",
		func(at place, members []member) {
			r.Enabled = true
			readKeys(at, members, r.keys())
			r.check(at)
		},
		func() []key {
			if !r.Enabled {
				return nil
			}
			return r.keys()
		})
}

func (r *Redis) keys() []key {
	return []key{
		isEnabled(),
		addresses("addrs", &r.Addrs),
		hideZero(&r.MasterName, words("masterName", &r.MasterName)),
		hideZero(&r.Username, words("username", &r.Username)),
		hideZero(&r.Password, secret("password", &r.Password)),
		whole("db", &r.DB, 0, 1_000_000),
		r.TLS.section(),
		keyPart("prefix", &r.Prefix),
		hideZero(&r.Relay, keyPart("relay", &r.Relay)),
		ticks("connTimeout", &r.ConnTimeout, time.Millisecond),
		ticks("callTimeout", &r.CallTimeout, time.Millisecond),
		span("lease", &r.Lease),
		share("streamShare", &r.StreamShare),
		share("share", &r.Share),
	}
}

// check finds what is wrong with the keys together. A lease is renewed four times in its
// time, and a renewal may take a whole call.
func (r *Redis) check(at place) {
	if len(r.Addrs) == 0 {
		at.under("addrs").fail("no address is there", `write where Redis listens, as in ["10.0.0.1:6379"]`)
	}
	if len(r.Addrs) > 1 && r.MasterName == "" && r.DB != 0 {
		at.under("db").fail("a Redis Cluster has only database 0", "take db away, or name one address, or masterName for Sentinels")
	}
	if r.Lease < 4*r.CallTimeout {
		at.under("lease").fail(fmt.Sprintf("%s is less than four times callTimeout", shortDuration(r.Lease)), "make it longer, or callTimeout shorter")
	}
	if (r.TLS.CertFile == "") != (r.TLS.KeyFile == "") {
		at.under("tls").fail("certFile and keyFile go together", "name both, or none")
	}
}

// section is the section "tls" within "redis".
func (t *RedisTLS) section() key {
	keys := func() []key {
		return []key{
			isEnabled(),
			hideZero(&t.CAFile, words("caFile", &t.CAFile)),
			hideZero(&t.CertFile, words("certFile", &t.CertFile)),
			hideZero(&t.KeyFile, words("keyFile", &t.KeyFile)),
			hideZero(&t.ServerName, words("serverName", &t.ServerName)),
		}
	}
	return section("tls",
		func(at place, members []member) {
			t.Enabled = true
			readKeys(at, members, keys())
		},
		func() []key {
			if !t.Enabled {
				return nil
			}
			return keys()
		})
}

// addresses is a list of host:port.
func addresses(name string, to *[]string) key {
	k := wordList(name, to)
	read := k.read
	k.read = func(at place, raw []byte) {
		read(at, raw)
		for _, address := range *to {
			if !isAddress(address, 1) {
				at.fail(shownAddress(address)+" is no host:port", `write it as in ["10.0.0.1:6379"]`)
			}
		}
	}
	k.show = func() any { return slices.Clone(*to) }
	return k
}

// longestKeyPart is in bytes; it leaves room for the rest of a file's name.
const longestKeyPart = 64

// keyPart is a word that stands in the names of keys of Redis, of files and of targets, so
// it may hold nothing that parts those.
func keyPart(name string, to *string) key {
	k := words(name, to)
	k.read = func(at place, raw []byte) {
		switch s, ok := str(at, raw); {
		case !ok || s == "":
		case !IsKeyPart(s):
			at.fail(shown(s)+" cannot stand in a name", fmt.Sprintf("take letters, digits, '-', '_' and '.', at most %d", longestKeyPart))
		default:
			*to = s
		}
	}
	return k
}

// IsKeyPart reports whether s may be the prefix or the relay of the section redis: ASCII
// letters, digits, '-', '_' and '.', 1 to 64 of them, a '.' not first.
func IsKeyPart(s string) bool {
	const others = "-_."
	return s != "" && len(s) <= longestKeyPart && s[0] != '.' && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	})
}

// share is a fraction; 0 stands for the default.
func share(name string, to *float64) key {
	k, standard := fraction(name, to), *to
	read := k.read
	k.read = func(at place, raw []byte) {
		if read(at, raw); *to == 0 {
			*to = standard
		}
	}
	return k
}
