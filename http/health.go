package http

import (
	nethttp "net/http"

	"github.com/gin-gonic/gin"
)

func (s *Server) ready(c *gin.Context) {
	if err := s.relay.Ready(); err != nil {
		replyText(c, nethttp.StatusServiceUnavailable, err.Error()+"\n")
		return
	}
	replyText(c, nethttp.StatusOK, "ready\n")
}

// durability answers /api/health: what is promised of acknowledged points.
func (s *Server) durability(c *gin.Context) { replyJSON(c, healthOf(s.relay)) }

// healthOf returns the relay's health, its details a list where there are none. The
// first of them is a reload that was refused: the relay does not do what its file says.
func healthOf(relay Relay) Health {
	h := relay.Health()
	details := []string{}
	if why := relay.Loaded().Failed; why != "" {
		details = append(details, "The last reload was refused, nothing has changed: "+why)
	}
	h.Details = append(details, h.Details...)
	return h
}
