package http

import (
	nethttp "net/http"

	"github.com/gin-gonic/gin"
)

// upgrade answers what became of the upgrades.
func (s *Server) upgrade(c *gin.Context) { replyJSON(c, s.relay.Upgrade()) }

// startUpgrade begins an upgrade and answers before it ends: this process may be
// gone then.
func (s *Server) startUpgrade(c *gin.Context) {
	state, err := s.relay.StartUpgrade()
	if err != nil {
		replyText(c, nethttp.StatusConflict, "cannot upgrade: "+err.Error()+"\n")
		return
	}
	replyJSON(c, state)
}
