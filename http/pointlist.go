package http

import (
	nethttp "net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	jsoniter "github.com/json-iterator/go"

	"transfer/g/stat"
)

// pointList writes points to the client as they come, in a memory that does not grow
// with them: there may be many millions. So the server's limit of time is for each
// part of the list, not for all of it: it lasts as long as the client takes something.
type pointList struct {
	c        *gin.Context
	control  *nethttp.ResponseController
	patience time.Duration // with a client that takes nothing; 0: without end
	renew    time.Time     // when the deadline is to be set again
	begun    bool
}

func newPointList(c *gin.Context) *pointList {
	l := &pointList{c: c, control: nethttp.NewResponseController(c.Writer)}
	if server, ok := c.Request.Context().Value(nethttp.ServerContextKey).(*nethttp.Server); ok {
		l.patience = server.WriteTimeout
	}
	return l
}

// add writes a point. An error says that the client is gone, or takes nothing.
func (l *pointList) add(p stat.BacklogPoint) error {
	if err := l.c.Request.Context().Err(); err != nil {
		return err
	}
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(p)
	if err != nil {
		return err
	}
	l.extend()
	separator := ","
	if !l.begun {
		separator = l.begin()
	}
	if _, err := l.c.Writer.WriteString(separator); err != nil {
		return err
	}
	_, err = l.c.Writer.Write(text)
	return err
}

// extend gives the client time for what is written next. It costs a system call, so it is
// done once in a while.
func (l *pointList) extend() {
	if now := time.Now(); l.patience > 0 && now.After(l.renew) {
		_ = l.control.SetWriteDeadline(now.Add(l.patience)) // a connection that is closed needs none
		l.renew = now.Add(l.patience / extendShare)
	}
}

// extendShare is the part of its patience after which a pointList sets the deadline
// again.
const extendShare = 4

// begin sets the head and returns what the body begins with.
func (l *pointList) begin() string {
	l.begun = true
	l.c.Header("Content-Type", typeJSON)
	l.c.Status(nethttp.StatusOK)
	return `{"points":[`
}

// end ends the list. What went wrong stands in it where it has begun already.
func (l *pointList) end(damaged uint64, failed error) {
	begin := ""
	if !l.begun {
		if failed != nil {
			replyBacklogError(l.c, failed)
			return
		}
		begin = l.begin()
	}
	rest := begin + `],"damaged":` + strconv.FormatUint(damaged, 10)
	if failed != nil {
		text, err := jsoniter.ConfigCompatibleWithStandardLibrary.MarshalToString(failed.Error())
		if err == nil {
			rest += `,"error":` + text
		}
	}
	_, _ = l.c.Writer.WriteString(rest + "}") // a client that is gone needs no answer
}
