package trial

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// Books is the answer of /api/ledger.
type Books struct {
	Balanced bool
	Error    string
	Totals   stat.Ledger
	Targets  []Book
}

// Book is the ledger of one target.
type Book struct {
	ID       string
	Balanced bool
	stat.Ledger
}

// Target returns the ledger of a target.
func (b *Books) Target(t *testing.T, id string) stat.Ledger {
	t.Helper()
	l, listed := b.find(id)
	require.True(t, listed, "no such target: %s", id)
	return l
}

// find returns the ledger of a target, if it has one.
func (b *Books) find(id string) (l stat.Ledger, listed bool) {
	for _, target := range b.Targets {
		if target.ID == id {
			return target.Ledger, true
		}
	}
	return stat.Ledger{}, false
}

// MustBooks returns the ledger of all relays together, which must run.
func (s *Stage) MustBooks() Books {
	s.T.Helper()
	return s.BooksOf(s.Relays)
}

// BooksOf returns the ledger of some relays together, which must run.
func (s *Stage) BooksOf(relays []*Relay) Books {
	s.T.Helper()
	var all []Books
	for _, relay := range relays {
		all = append(all, relay.MustLedger())
	}
	return merge(all)
}

// merge returns the books of several relays as one. What a relay has adopted counts for
// the address that it was meant for.
func merge(all []Books) Books {
	if len(all) == 1 {
		return all[0]
	}
	sum := Books{Balanced: true}
	at := make(map[string]int)
	for _, one := range all {
		add(&sum.Totals, &one.Totals)
		for _, target := range one.Targets {
			id := plain(target.ID)
			i, known := at[id]
			if !known {
				i = len(sum.Targets)
				at[id] = i
				sum.Targets = append(sum.Targets, Book{ID: id, Balanced: true})
			}
			add(&sum.Targets[i].Ledger, &target.Ledger)
		}
	}
	return sum
}

// plain returns the ID of a target without the relay that it was adopted from.
func plain(id string) string {
	from := strings.LastIndexByte(id, '/') + 1
	name, _, _ := strings.Cut(id[from:], "@")
	return id[:from] + name
}

// add adds one ledger to another.
func add(sum, l *stat.Ledger) {
	sum.Accepted += l.Accepted
	sum.MovedIn += l.MovedIn
	sum.Delivered += l.Delivered
	sum.Queued += l.Queued
	sum.MovedOut += l.MovedOut
	sum.Resent += l.Resent
	sum.Failed += l.Failed
	sum.Rejected += l.Rejected
	sum.Replayed += l.Replayed
	if sum.Dropped == nil {
		sum.Dropped = make(map[string]uint64)
	}
	for reason, n := range l.Dropped {
		sum.Dropped[reason] += n
	}
}
