package http

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// routes returns the handler of all endpoints.
func (s *Server) routes(push nethttp.Handler) nethttp.Handler {
	// The mode is global to gin and decides only whether it prints to stdout what
	// it is about; release, the quiet one, is right for whoever else uses it.
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ForwardedByClientIP = false
	e.Use(s.recovery, noSniff)
	e.NoRoute(func(c *gin.Context) { replyText(c, nethttp.StatusNotFound, "not found: see docs/admin.md\n") })
	e.NoMethod(func(c *gin.Context) { replyText(c, nethttp.StatusMethodNotAllowed, "method not allowed\n") })

	read := func(path string, handle gin.HandlerFunc) {
		e.GET(path, handle)
		e.HEAD(path, handle)
	}
	// The original's endpoints.
	read("/health", s.health)
	read("/version", s.version)
	read("/workdir", s.showWorkDir)
	read("/config", s.config)
	e.GET("/config/reload", s.reload) // no HEAD: it changes something
	e.POST("/config/reload", s.reload)
	read("/counter/all", s.counters)
	read("/statistics/all", s.counters)
	read("/proc/step", s.step)
	read("/debug/connpool/:backend", s.connPool)
	for _, series := range []string{"", "/*series"} {
		read("/trace"+series, s.trace)
		read("/filter"+series, s.filter)
	}
	// Of the pushes those that the port's front does not take.
	e.POST("/api/push", gin.WrapH(push))
	e.PUT("/api/push", gin.WrapH(push))

	// Ours.
	read("/ready", s.ready)
	read("/api/health", s.durability)
	read("/api/ledger", s.ledger)
	read("/api/status", s.status)
	backlogRoutes(e, "/api/spool", s.relay.Spools)
	backlogRoutes(e, "/api/dead", s.relay.Letters)
	e.POST("/api/dead/resend", loopbackOnly, s.resend)
	read("/api/units", s.units)
	e.POST(clustersPath+"*node", loopbackOnlyJSON, s.whenReady, s.changeNodes)
	e.DELETE(clustersPath+"*node", loopbackOnlyJSON, s.whenReady, s.removeNode)
	ringRoutes(e, s.relay)
	read("/api/topology", s.topology)
	read("/api/peers", s.peers)
	read("/api/upgrade", s.upgrade)
	e.POST("/api/upgrade", loopbackOnly, s.startUpgrade)
	read("/metrics", gin.WrapH(s.metrics()))
	for path, asset := range pageAssets() {
		read(path, asset.serve)
	}
	if s.debug {
		e.Any("/debug/pprof/*profile", loopbackOnly, profile)
	}
	return e
}

// recovery answers 500 when a handler panics, and logs where.
func (s *Server) recovery(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, nethttp.ErrAbortHandler) { // net/http's own way to cut a reply off
			panic(cause)
		}
		s.log.Error("admin handler panicked", "path", c.Request.URL.Path, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		c.Abort()
		if !c.Writer.Written() {
			replyText(c, nethttp.StatusInternalServerError, "internal error: see the log\n")
		}
	}()
	c.Next()
}

// noSniff keeps browsers from taking a reply for something else than it says.
func noSniff(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Next()
}
