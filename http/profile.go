package http

import (
	"net/http/pprof"

	"github.com/gin-gonic/gin"
)

// profile serves Go's profiles. Importing pprof also adds them to net/http's
// default mux, which no server here uses.
func profile(c *gin.Context) {
	handle := pprof.Index
	switch c.Param("profile") {
	case "/cmdline":
		handle = pprof.Cmdline
	case "/profile":
		handle = pprof.Profile
	case "/symbol":
		handle = pprof.Symbol
	case "/trace":
		handle = pprof.Trace
	}
	handle(c.Writer, c.Request)
}
