package http

import (
	"errors"
	"io"
	nethttp "net/http"
	"sync"

	"github.com/gin-gonic/gin"
	jsoniter "github.com/json-iterator/go"

	"transfer/g/stat"
)

// The bounds of a ring that a relay is asked to compare its own with: it has points to
// relay meanwhile.
const (
	maxPlan       = 1 << 20 // bytes of the request's body
	maxPlanPoints = 1 << 22 // virtual points of all nodes: 32 MiB for as long as it takes
)

// ringRelay is what the endpoints of the rings need of the relay.
type ringRelay interface {
	// Rings returns at most one ring a backend.
	Rings() []stat.Ring
	// DiffRing returns what the plan would move of the series that the relay remembers.
	// The plan is sane in size. Errors are the plan's; errors.Is with stat.ErrNoRing
	// where the backend has no ring.
	DiffRing(plan stat.RingPlan) (stat.RingDiff, error)
}

// ringRoutes makes the endpoints of the rings.
func ringRoutes(e *gin.Engine, relay ringRelay) {
	for _, method := range []string{nethttp.MethodGet, nethttp.MethodHead} {
		e.Handle(method, "/api/ring", func(c *gin.Context) { replyJSON(c, append([]stat.Ring{}, relay.Rings()...)) })
	}
	var busy sync.Mutex // held while a ring is compared: one takes memory and time enough
	e.POST("/api/ring/diff", loopbackOnly, func(c *gin.Context) {
		plan, err := readPlan(nethttp.MaxBytesReader(c.Writer, c.Request.Body, maxPlan))
		if err != nil {
			replyText(c, nethttp.StatusBadRequest, err.Error()+"\n")
			return
		}
		if !busy.TryLock() {
			replyText(c, nethttp.StatusServiceUnavailable, "another ring is being compared: ask again\n")
			return
		}
		defer busy.Unlock()
		diff, err := relay.DiffRing(plan)
		switch {
		case errors.Is(err, stat.ErrNoRing):
			replyText(c, nethttp.StatusNotFound, err.Error()+"\n")
		case err != nil:
			replyText(c, nethttp.StatusBadRequest, err.Error()+"\n")
		default:
			replyJSON(c, diff)
		}
	})
}

// errBadPlan says what a body of /api/ring/diff is.
var errBadPlan = errors.New(`bad body: send {"backend":"graph","hash":"crc32","replicas":500,"nodes":["graph-00"]}, 1 MiB at most`)

// readPlan reads a plan that may be built.
func readPlan(body io.Reader) (plan stat.RingPlan, err error) {
	if err := jsoniter.NewDecoder(body).Decode(&plan); err != nil || plan.Backend == "" {
		return plan, errBadPlan
	}
	return plan, plan.Check(maxPlanPoints)
}
