package http

import (
	"fmt"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

func (s *Server) health(c *gin.Context) {
	if why := s.relay.Health().Refusing; why != "" {
		replyText(c, nethttp.StatusServiceUnavailable, why+"\n")
		return
	}
	replyText(c, nethttp.StatusOK, "ok\n")
}

func (s *Server) version(c *gin.Context) {
	about := s.relay.About()
	replyText(c, nethttp.StatusOK, about.Version+"@"+about.Commit+"\n")
}

func (s *Server) showWorkDir(c *gin.Context) {
	replyText(c, nethttp.StatusOK, s.workDir+"\n")
}

// workDir returns the folder of the running binary, empty where the system
// can't tell.
func workDir() string {
	binary, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Dir(binary)
}

func (s *Server) config(c *gin.Context) { replyData(c, s.relay.Config()) }

func (s *Server) step(c *gin.Context) {
	replyData(c, struct {
		MinStep int `json:"min_step"`
	}{s.relay.About().MinStep})
}

func (s *Server) connPool(c *gin.Context) {
	switch backend := c.Param("backend"); backend {
	case "judge", "graph": // the two that the original shows
		replyText(c, nethttp.StatusOK, connPoolLines(s.relay.Targets(), backend))
	default:
		replyText(c, nethttp.StatusOK, "bad args, module not exist\n")
	}
}

// connPoolLines returns a line for each address of the backend. Pools belong to
// addresses, so the targets that share one are counted together. As in the
// original, Cnt is the connections ever made and both active and all those open.
func connPoolLines(targets []stat.Target, backend string) string {
	type pool struct {
		address      string
		dials        uint64
		open, inCall int
	}
	var pools []*pool
	byAddress := make(map[string]*pool)
	for _, t := range targets {
		if t.Backend != backend {
			continue
		}
		p := byAddress[t.Address]
		if p == nil {
			p = &pool{address: t.Address}
			byAddress[t.Address] = p
			pools = append(pools, p)
		}
		p.dials += t.Dials
		p.open += t.Open
		p.inCall += t.Active
	}
	lines := make([]string, len(pools))
	for i, p := range pools {
		lines[i] = fmt.Sprintf("Name:%s,Cnt:%d,active:%d,all:%d,free:%d", p.address, p.dials, p.open, p.open, max(0, p.open-p.inCall))
	}
	return strings.Join(lines, "\n")
}
