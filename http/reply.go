package http

import (
	nethttp "net/http"

	"github.com/gin-gonic/gin"
	jsoniter "github.com/json-iterator/go"
)

// The content types of the replies. gin's own JSON replies use another encoder
// and spell theirs otherwise.
const (
	typeJSON = "application/json; charset=UTF-8"
	typeText = "text/plain; charset=utf-8"
)

// success is the envelope of the original's replies.
type success struct {
	Msg  string `json:"msg"`
	Data any    `json:"data"`
}

// replyData answers as the original does: data in its envelope.
func replyData(c *gin.Context, data any) { replyJSON(c, success{"success", data}) }

// replyJSON answers v, without a final newline.
func replyJSON(c *gin.Context, v any) { replyCoded(c, nethttp.StatusOK, v) }

// replyCoded answers v with the status code.
func replyCoded(c *gin.Context, code int, v any) {
	body, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
	if err != nil {
		replyText(c, nethttp.StatusInternalServerError, "cannot encode the reply: "+err.Error()+"\n")
		return
	}
	c.Data(code, typeJSON, body)
}

// replyText answers plain text as it is.
func replyText(c *gin.Context, code int, text string) {
	c.Data(code, typeText, []byte(text))
}
