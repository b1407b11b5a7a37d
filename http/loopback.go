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

// noPrivilege is answered to other hosts.
const noPrivilege = "no privilege: ask from the relay's own host"

// loopbackOnly turns away requests from other hosts.
func loopbackOnly(c *gin.Context) {
	if !fromLoopback(c.Request) {
		replyText(c, nethttp.StatusForbidden, noPrivilege+"\n")
		c.Abort()
	}
}

// loopbackOnlyJSON is loopbackOnly for calls that answer in JSON alone.
func loopbackOnlyJSON(c *gin.Context) {
	if !fromLoopback(c.Request) {
		replyError(c, nethttp.StatusForbidden, noPrivilege)
		c.Abort()
	}
}
