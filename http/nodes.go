package http

import (
	"errors"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// clustersPath begins the paths of the calls that change nodes: below it come the
// backend, nodesWord, for all but a new node its name, and for the two that drain and
// resume it which of them.
const (
	clustersPath = "/api/clusters/"
	nodesWord    = "nodes"
)

// whenReady turns away changes while the relay starts or stops.
func (s *Server) whenReady(c *gin.Context) {
	if err := s.relay.Ready(); err != nil {
		replyError(c, nethttp.StatusServiceUnavailable, "cannot change nodes now, try again later: "+err.Error())
		c.Abort()
	}
}

// changeNodes answers POST: it adds, drains or resumes a node.
func (s *Server) changeNodes(c *gin.Context) {
	at, ok := nodeAt(c.Request.URL)
	switch {
	case !ok:
		replyUnknownNode(c)
	case at.name == "":
		s.addNode(c, at.backend)
	case at.verb == "drain":
		s.replyChanged(c, at.backend, at.name, s.relay.DrainNode(at.backend, at.name))
	case at.verb == "resume":
		s.replyChanged(c, at.backend, at.name, s.relay.ResumeNode(at.backend, at.name))
	default:
		replyUnknownNode(c)
	}
}

func (s *Server) addNode(c *gin.Context, backend string) {
	body, err := readNode(nethttp.MaxBytesReader(c.Writer, c.Request.Body, maxNodeBytes))
	var tooLarge *nethttp.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		replyError(c, nethttp.StatusRequestEntityTooLarge, err.Error())
		return
	case err != nil:
		replyError(c, nethttp.StatusBadRequest, err.Error())
		return
	}
	s.replyChanged(c, backend, body.Name, s.relay.AddNode(backend, body.Name, body.Addresses, body.Force))
}

// removeNode answers DELETE.
func (s *Server) removeNode(c *gin.Context) {
	at, ok := nodeAt(c.Request.URL)
	if !ok || at.name == "" || at.verb != "" {
		replyUnknownNode(c)
		return
	}
	mode := c.Query("mode")
	if !slices.Contains([]string{"", "reroute", "drain"}, mode) {
		replyError(c, nethttp.StatusBadRequest, `bad mode: "reroute" gives what waits to the nodes that have the series now, "drain" sends it to the node itself`)
		return
	}
	force, err := forced(c)
	if err != nil {
		replyError(c, nethttp.StatusBadRequest, err.Error())
		return
	}
	s.replyChanged(c, at.backend, at.name, s.relay.RemoveNode(at.backend, at.name, mode, force))
}

// replyChanged answers why a change was refused, or the node's units after it.
func (s *Server) replyChanged(c *gin.Context, backend, name string, err error) {
	if err != nil {
		replyError(c, changeCode(err), err.Error())
		return
	}
	replyJSON(c, unitRows(s.relay.Units(), func(u stat.Unit) bool { return u.Backend == backend && u.Node == name }))
}

// nodePath is what the path of a change names.
type nodePath struct{ backend, name, verb string }

// nodeAt returns what the path names; name and verb may be empty. Parts are split
// before they are unescaped: "%2F" gives a name a "/".
func nodeAt(u *url.URL) (at nodePath, ok bool) {
	parts := strings.Split(strings.TrimPrefix(u.EscapedPath(), clustersPath), "/")
	if len(parts) < 2 || len(parts) > 4 || parts[1] != nodesWord {
		return at, false
	}
	for i, part := range parts {
		text, err := url.PathUnescape(part)
		if err != nil || text == "" {
			return at, false
		}
		parts[i] = validText(text)
	}
	parts = append(parts, "", "")
	return nodePath{backend: parts[0], name: parts[2], verb: parts[3]}, true
}

func replyUnknownNode(c *gin.Context) {
	replyError(c, nethttp.StatusNotFound, "not found: POST "+clustersPath+"BACKEND/nodes, DELETE "+clustersPath+
		"BACKEND/nodes/NAME, POST "+clustersPath+"BACKEND/nodes/NAME/drain or resume; see docs/admin.md")
}

// failure is the reply to a change that was refused.
type failure struct {
	Error string `json:"error"`
}

func replyError(c *gin.Context, code int, why string) { replyCoded(c, code, failure{why}) }
