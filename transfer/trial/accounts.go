package trial

import (
	"fmt"

	"transfer/g/stat"
)

// compare holds the ledger against what came to each address.
func (s *Stage) compare(v *Verdict, ledger Books) (complaints []string) {
	if s.Uncounted {
		return nil
	}
	complaints = ledger.complaints(s.Crashed)
	for id, came := range v.places {
		l, listed := ledger.find(id)
		switch {
		case listed:
			complaints = append(complaints, s.compareOne(id, came, &l)...)
		case !s.Site.isAway(id): // the account of one that has gone ends with the process
			complaints = append(complaints, id+" has no ledger")
		}
	}
	return complaints
}

// compareOne holds the ledger of an address against what came to it.
func (s *Stage) compareOne(id string, came tally, l *stat.Ledger) (complaints []string) {
	first := uint64(came.different)
	most := first
	if s.Crashed { // what was delivered twice may be counted twice
		most = uint64(came.all)
	}
	if l.Delivered > most || first > l.Delivered+unheard(l) {
		complaints = append(complaints, fmt.Sprintf("%s: the ledger says %d delivered, there came %d, of which %d for the first time",
			id, l.Delivered, came.all, came.different))
	}
	if again := came.all - came.different; !s.Crashed && s.Allowed.Duplicates == 0 && again > int(l.Resent) {
		complaints = append(complaints, fmt.Sprintf("%s: %d duplicates, the ledger says %d resent", id, again, l.Resent))
	}
	return complaints
}

// complaints says what is wrong with the ledgers among themselves.
func (b *Books) complaints(crashed bool) (all []string) {
	if out, in := b.Totals.MovedOut, b.Totals.MovedIn; out != in && !crashed {
		all = append(all, fmt.Sprintf("the ledger says %d moved out, %d moved in", out, in))
	}
	seen := make(map[string]bool)
	for _, target := range b.Targets {
		if seen[target.ID] {
			all = append(all, target.ID+" has two ledgers")
		}
		seen[target.ID] = true
	}
	return all
}

// unheard returns how many points may have come to a target before they were moved to
// another one: those of calls that had no reply.
func unheard(l *stat.Ledger) uint64 { return min(l.Failed, l.MovedOut) }

// unheard returns that of all targets.
func (b *Books) unheard() (points int) {
	for i := range b.Targets {
		points += int(unheard(&b.Targets[i].Ledger))
	}
	return points
}
