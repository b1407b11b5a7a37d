package http

import (
	"time"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// unitRow is one row of /api/units.
type unitRow struct {
	stat.Unit
	Since *time.Time `json:"since,omitempty"` // nil: not known
}

func (s *Server) units(c *gin.Context) {
	replyJSON(c, unitRows(s.relay.Units(), anyUnit))
}

func anyUnit(stat.Unit) bool { return true }

// unitRows returns the rows of the units that are wanted, an empty list where there
// are none.
func unitRows(units []stat.Unit, wanted func(stat.Unit) bool) []unitRow {
	rows := []unitRow{}
	for _, u := range units {
		if !wanted(u) {
			continue
		}
		row := unitRow{Unit: u}
		if !u.Since.IsZero() {
			since := u.Since.Truncate(time.Millisecond)
			row.Since = &since
		}
		rows = append(rows, row)
	}
	return rows
}
