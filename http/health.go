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

// healthOf returns the relay's health, its details an empty list where there are
// none.
func healthOf(relay Relay) Health {
	h := relay.Health()
	if h.Details == nil {
		h.Details = []string{}
	}
	return h
}
