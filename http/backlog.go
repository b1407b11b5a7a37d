package http

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	jsoniter "github.com/json-iterator/go"

	"transfer/g/stat"
)

// Backlog is what a relay keeps of points, by target. Its errors are, by errors.Is,
// stat.ErrNoBacklog where there is nothing of a target.
type Backlog interface {
	Rows() ([]stat.Backlog, error)
	// Points gives the points of a row's target and lane to show, the oldest first,
	// until that returns false. It returns how many could not be read because of damage.
	Points(of stat.Backlog, show func(stat.BacklogPoint) bool) (damaged uint64, err error)
	// Purge throws away all points of a row's target and returns how many that were.
	Purge(of stat.Backlog) (points uint64, err error)
}

// backlogRoutes makes the endpoints of a Backlog below path.
func backlogRoutes(e *gin.Engine, path string, of func() Backlog) {
	for _, method := range []string{nethttp.MethodGet, nethttp.MethodHead} {
		e.Handle(method, path, func(c *gin.Context) { listBacklog(c, of()) })
		e.Handle(method, path+"/show", func(c *gin.Context) { showBacklog(c, of()) })
	}
	e.POST(path+"/purge", loopbackOnly, func(c *gin.Context) { purgeBacklog(c, of()) })
}

func listBacklog(c *gin.Context, b Backlog) {
	rows, err := b.Rows()
	if err != nil {
		replyBacklogError(c, err)
		return
	}
	replyJSON(c, append([]stat.Backlog{}, rows...))
}

// defaultShown is how many points are shown without ?limit.
const defaultShown = 20

func showBacklog(c *gin.Context, b Backlog) {
	of := stat.Backlog{Target: c.Query("target")}
	limit, err := strconv.Atoi(c.DefaultQuery("limit", strconv.Itoa(defaultShown)))
	if of.Target == "" || err != nil || limit < 0 {
		replyText(c, nethttp.StatusBadRequest, "bad arguments: ?target=ID[&lane=N][&limit=N], a limit of 0 for all\n")
		return
	}
	if text, ok := c.GetQuery("lane"); ok {
		lane, err := strconv.Atoi(text)
		if err != nil {
			replyText(c, nethttp.StatusBadRequest, "bad lane: a number from 0 on\n")
			return
		}
		of.Lane = &lane
	}
	if c.Request.Method == nethttp.MethodHead {
		limit = 1 // nobody sees them
	}
	list := newPointList(c)
	shown := 0
	damaged, err := b.Points(of, func(p stat.BacklogPoint) bool {
		if limit > 0 && shown == limit {
			return false
		}
		shown++
		return list.add(p) == nil
	})
	list.end(damaged, err)
}

// change is the body of the calls that change a backlog.
type change struct {
	Target string `json:"target"`
	Until  uint64 `json:"until"`
}

// changed is the reply to them.
type changed struct {
	Points uint64 `json:"points"`
}

// maxChange bounds the body of a change, in bytes.
const maxChange = 64 << 10

// readChange reads the body, or answers what is wrong with it.
func readChange(c *gin.Context) (what change, ok bool) {
	body := nethttp.MaxBytesReader(c.Writer, c.Request.Body, maxChange)
	if err := jsoniter.NewDecoder(body).Decode(&what); err != nil || what.Target == "" {
		replyText(c, nethttp.StatusBadRequest, "bad body: send {\"target\":\"ID\"}, the ID as /api/spool and /api/dead show it\n")
		return what, false
	}
	return what, true
}

func purgeBacklog(c *gin.Context, b Backlog) {
	what, ok := readChange(c)
	if !ok {
		return
	}
	points, err := b.Purge(stat.Backlog{Target: what.Target})
	if err != nil {
		replyBacklogError(c, err)
		return
	}
	replyJSON(c, changed{points})
}

func (s *Server) resend(c *gin.Context) {
	what, ok := readChange(c)
	if !ok {
		return
	}
	if err := s.relay.Ready(); err != nil {
		replyText(c, nethttp.StatusServiceUnavailable, "cannot resend: "+err.Error()+"\n")
		return
	}
	points, err := s.relay.Resend(c.Request.Context(), what.Target, what.Until)
	if err != nil {
		if points > 0 {
			err = fmt.Errorf("resent %d points, then: %w", points, err)
		}
		replyBacklogError(c, err)
		return
	}
	replyJSON(c, changed{points})
}

func replyBacklogError(c *gin.Context, err error) {
	code := nethttp.StatusInternalServerError
	switch {
	case errors.Is(err, stat.ErrNoBacklog):
		code = nethttp.StatusNotFound
	case errors.Is(err, stat.ErrOtherEncoding):
		code = nethttp.StatusConflict
	case errors.Is(err, context.DeadlineExceeded):
		code = nethttp.StatusServiceUnavailable
	}
	replyText(c, code, err.Error()+"\n")
}
