package trial

import (
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// changeTime is how long a change of the configuration may take to hold.
const changeTime = 10 * time.Second

// Change edits the site and makes the relay read a file that says so. It returns when
// that holds.
func (s *Stage) Change(edit func()) {
	s.T.Helper()
	s.Ask(edit)
	s.AwaitChange()
}

// Ask edits the site, makes the relay read a file that says so, and doesn't wait.
func (s *Stage) Ask(edit func()) {
	s.T.Helper()
	s.Rewrite(edit)
	s.Relay.Now.Signal(syscall.SIGHUP)
}

// Request edits the site and makes the relay follow by a request, which must not return
// before the change holds.
func (s *Stage) Request(edit, request func()) {
	s.T.Helper()
	edit()
	s.begin()
	request()
	require.True(s.T, s.Holds(), "the change does not hold when the request returns")
	s.eras[len(s.eras)-1].held = time.Now()
}

// begin begins an era, of what the site is now.
func (s *Stage) begin() {
	s.T.Helper()
	s.eras = append(s.eras, s.Site.era())
	for _, relay := range s.Relays {
		maps.Copy(relay.Config, s.Site.sections())
	}
}

// AwaitChange waits until what was asked for last holds.
func (s *Stage) AwaitChange() {
	s.T.Helper()
	Eventually(s.T, changeTime, "the change does not hold", s.Holds)
	s.eras[len(s.eras)-1].held = time.Now()
}

// Glance notes whether what was asked for last holds by now.
func (s *Stage) Glance() {
	s.T.Helper()
	if s.Holds() {
		s.eras[len(s.eras)-1].held = time.Now()
	}
}

// Spoil makes the relay read a file that holds something else, which must change
// nothing. The next change writes a good one.
func (s *Stage) Spoil(file []byte) {
	s.T.Helper()
	s.Relay.writeText(file)
	s.Relay.Now.Signal(syscall.SIGHUP)
}

// Holds reports whether each relay that runs shows the rings of the site.
func (s *Stage) Holds() bool {
	s.T.Helper()
	for _, relay := range s.Relays {
		if relay.Runs() && !s.holdsAt(relay) {
			return false
		}
	}
	return true
}

// holdsAt reports whether a relay shows the rings of the site.
func (s *Stage) holdsAt(relay *Relay) bool {
	s.T.Helper()
	status, err := relay.Status()
	require.NoError(s.T, err)
	layout := s.Site.layout()
	rings := 0
	for _, ring := range status.Rings {
		if len(layout[ring.Backend]) != len(ring.Shares) || ring.Replicas != s.Site.replicas(ring.Backend) {
			return false
		}
		for _, share := range ring.Shares {
			if !sameSet(share.Addresses, layout[ring.Backend][share.Node]) {
				return false
			}
		}
		rings++
	}
	return rings == len(s.Site.Owners())
}

// sameSet reports whether both hold the same, in any order.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Disturbances returns how often clients were: connections that were cut off,
// and requests that were refused, unanswered or found nobody. The clients must have
// ended.
func (s *Stage) Disturbances() (connections, requests int64) {
	for _, c := range s.Clients {
		connections += int64(c.via.Breaks())
		requests += c.refused.Load() + c.broken.Load() + c.absent.Load()
	}
	return connections, requests
}

// Rewrite edits the site and the file, and tells nobody: a relay that does not run reads
// it at its next start. AwaitChange must follow.
func (s *Stage) Rewrite(edit func()) {
	s.T.Helper()
	edit()
	s.begin()
	s.Relay.write()
}

// handOverSlack is how much later than it should a hand-over may end.
const handOverSlack = 2 * time.Second

// HandOver is Change where a backend's section has a hand-over of that length: until
// its end the owners of before get the points, too. No other change may come meanwhile.
func (s *Stage) HandOver(backend string, window time.Duration, edit func()) {
	s.T.Helper()
	before := s.eras[len(s.eras)-1].owners[backend]
	s.Change(edit)
	during := &s.eras[len(s.eras)-1]
	after := s.Site.era()
	after.asked, after.held = during.asked.Add(window), during.held.Add(window+handOverSlack)
	during.owners[backend] = append(slices.Clone(during.owners[backend]), before...)
	s.eras = append(s.eras, after)
}
