package http

import (
	nethttp "net/http"
	"net/netip"

	"github.com/gin-gonic/gin"
)

// fromLoopback reports whether the connection itself comes from this machine.
// What headers such as X-Forwarded-For say is not asked: any client can write
// them.
func fromLoopback(r *nethttp.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// loopbackOnly turns away requests from other hosts.
func loopbackOnly(c *gin.Context) {
	if !fromLoopback(c.Request) {
		replyText(c, nethttp.StatusForbidden, "no privilege: ask from the relay's own host\n")
		c.Abort()
	}
}
