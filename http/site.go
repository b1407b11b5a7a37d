package http

import (
	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// siteRelay is what the endpoints of several relays need of each.
type siteRelay interface {
	// Topology returns how the relay stands to the topology that it shares with others.
	Topology() stat.Topology
	// Peers returns the relays of the site as this one sees them.
	Peers() stat.Peers
}

func (s *Server) topology(c *gin.Context) { replyJSON(c, s.relay.Topology()) }

func (s *Server) peers(c *gin.Context) { replyJSON(c, s.relay.Peers()) }

// site is what the page shows of several relays.
type site struct {
	Topology stat.Topology `json:"topology"` // without the document
	Peers    stat.Peers    `json:"peers"`
}

// siteOf returns what relay has of others, nil if it is one alone.
func siteOf(relay siteRelay) *site {
	all := site{relay.Topology(), relay.Peers()}
	if !all.Topology.Enabled {
		return nil
	}
	all.Topology.Document = nil
	return &all
}
