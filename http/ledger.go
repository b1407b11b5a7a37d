package http

import (
	"maps"
	"strings"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// books is the reply of /api/ledger.
type books struct {
	Balanced bool        `json:"balanced"`
	Error    string      `json:"error,omitempty"` // names the targets that don't balance
	Totals   stat.Ledger `json:"totals"`
	Targets  []account   `json:"targets"`
}

// account is the ledger of one target.
type account struct {
	ID       string `json:"id"`
	Backend  string `json:"backend"`
	Node     string `json:"node,omitempty"`
	Address  string `json:"address"`
	Balanced bool   `json:"balanced"`
	stat.Ledger
}

func (s *Server) ledger(c *gin.Context) { replyJSON(c, openBooks(s.relay.Targets())) }

// openBooks adds the targets' ledgers up. Each was read in one piece, so each
// balances by itself; the sum balances if all do.
func openBooks(targets []stat.Target) books {
	b := books{Balanced: true, Totals: stat.Ledger{Dropped: map[string]uint64{}}, Targets: []account{}}
	var unbalanced []string
	for _, t := range targets {
		if t.Dropped == nil {
			t.Dropped = map[string]uint64{}
		}
		b.Targets = append(b.Targets, account{t.ID, t.Backend, t.Node, t.Address, t.Balanced(), t.Ledger})
		b.Totals = sum(b.Totals, t.Ledger)
		if !t.Balanced() {
			unbalanced = append(unbalanced, t.ID)
		}
	}
	if len(unbalanced) > 0 {
		b.Balanced = false
		b.Error = "points unaccounted for at " + strings.Join(unbalanced, ", ") + ": please report this as a bug"
	}
	return b
}

func sum(a, b stat.Ledger) stat.Ledger {
	dropped := maps.Clone(a.Dropped)
	for reason, n := range b.Dropped {
		dropped[reason] += n
	}
	return stat.Ledger{
		Accepted:  a.Accepted + b.Accepted,
		MovedIn:   a.MovedIn + b.MovedIn,
		Delivered: a.Delivered + b.Delivered,
		Queued:    a.Queued + b.Queued,
		Dropped:   dropped,
		MovedOut:  a.MovedOut + b.MovedOut,
		Resent:    a.Resent + b.Resent,
		Failed:    a.Failed + b.Failed,
		Rejected:  a.Rejected + b.Rejected,
		Replayed:  a.Replayed + b.Replayed,
	}
}
