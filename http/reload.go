package http

import (
	"errors"
	nethttp "net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// reloadReply is the original's reply to a reload, and what the reload has changed.
type reloadReply struct {
	success
	Changed  []string `json:"changed,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// reload answers /config/reload. The original knows no reload that fails but the one
// after which it is gone; ours answers why, as the original does elsewhere, in msg.
func (s *Server) reload(c *gin.Context) {
	if !fromLoopback(c.Request) {
		replyData(c, "no privilege") // 200, as the original
		return
	}
	refuse := func(code int, why string) { replyCoded(c, code, refused{why}) }
	if err := s.relay.Ready(); err != nil {
		refuse(nethttp.StatusServiceUnavailable, "cannot reload now, try again later: "+err.Error())
		return
	}
	force, err := forced(c)
	if err != nil {
		refuse(nethttp.StatusBadRequest, err.Error())
		return
	}
	done, err := s.relay.Reload(force)
	if err != nil {
		refuse(changeCode(err), err.Error())
		return
	}
	replyJSON(c, reloadReply{success{"success", "ok"}, done.Changed, done.Warnings})
}

// refused is the envelope of a reload that was refused.
type refused struct {
	Msg string `json:"msg"`
}

var errForce = errors.New("bad force: ?force=1 carries a change out though it moves more than maxMove allows")

// forced returns what ?force says.
func forced(c *gin.Context) (bool, error) {
	text, given := c.GetQuery("force")
	if !given {
		return false, nil
	}
	force, err := strconv.ParseBool(text)
	if err != nil {
		return false, errForce
	}
	return force, nil
}

// changeCode returns the status of a change that was refused.
func changeCode(err error) int {
	switch {
	case errors.Is(err, stat.ErrNoNode):
		return nethttp.StatusNotFound
	case errors.Is(err, stat.ErrMaxMove), errors.Is(err, stat.ErrTopology):
		return nethttp.StatusConflict
	}
	return nethttp.StatusBadRequest
}
