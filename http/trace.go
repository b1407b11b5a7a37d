package http

import (
	nethttp "net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"transfer/g/metric"
)

// traced is a point as the original's replies wrap it.
type traced struct {
	Value metric.Traced
}

// trace answers /trace/ENDPOINT/METRIC[/TAGS].
func (s *Server) trace(c *gin.Context) {
	parts, ok := pathParts(c.Request.URL, "/trace/", 2)
	if !ok {
		replyText(c, nethttp.StatusBadRequest, "bad path: need /trace/ENDPOINT/METRIC[/k=v,k2=v2]\n")
		return
	}
	replyTraced(c, s.relay.Trace(parts[0], parts[1], parts[2]))
}

// filter answers /filter/ENDPOINT/METRIC/OP/THRESHOLD[/TAGS].
func (s *Server) filter(c *gin.Context) {
	parts, ok := pathParts(c.Request.URL, "/filter/", 4)
	if !ok {
		replyText(c, nethttp.StatusBadRequest, "bad path: need /filter/ENDPOINT/METRIC/OP/THRESHOLD[/k=v,k2=v2]\n")
		return
	}
	points, err := s.relay.Filter(parts[0], parts[1], parts[2], parts[3], parts[4])
	if err != nil {
		replyData(c, err.Error()) // 200, as the original
		return
	}
	replyTraced(c, points)
}

// pathParts splits what follows prefix in the path at "/" into n parts, all
// needed, and a last one that may be empty and holds the rest, further "/"
// included. Parts are split before they are unescaped: "%2F" gives a part a "/".
func pathParts(u *url.URL, prefix string, n int) (parts []string, ok bool) {
	parts = strings.SplitN(strings.TrimPrefix(u.EscapedPath(), prefix), "/", n+1)
	for i, part := range parts {
		text, err := url.PathUnescape(part)
		if err != nil || (i < n && text == "") {
			return nil, false
		}
		parts[i] = text
	}
	if len(parts) == n {
		parts = append(parts, "")
	}
	return parts, len(parts) == n+1
}

func replyTraced(c *gin.Context, points []metric.Traced) {
	rows := make([]traced, len(points)) // never nil: an empty list is "[]"
	for i, p := range points {
		rows[i].Value = p
	}
	replyData(c, rows)
}
