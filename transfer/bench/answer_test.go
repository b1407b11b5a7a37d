package bench

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	rpcAnswer  = `{"id":7,"result":{"Message":"ok","Total":200,"Invalid":%d,"Latency":0},"error":null}` + "\n"
	httpAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s"
)

func pushAnswer(invalid int) string {
	text := fmt.Sprintf(`{"msg":"success","data":{"Message":"ok","Total":200,"Invalid":%d,"Latency":0}}`, invalid)
	return fmt.Sprintf(httpAnswer, len(text), text)
}

func TestAnswers(t *testing.T) {
	for name, answers := range map[string]string{
		"rpc":  fmt.Sprintf(rpcAnswer, 0) + fmt.Sprintf(rpcAnswer, 13),
		"http": pushAnswer(0) + pushAnswer(13),
	} {
		for _, piece := range []int{1, 50, len(answers)} {
			in := newInbox(&fakeConn{from: strings.NewReader(answers), piece: piece}, 16)
			for _, want := range []int{0, 13} {
				invalid, err := ways()[name].answer(in)
				require.NoError(t, err)
				require.Equal(t, want, invalid)
			}
			_, err := ways()[name].answer(in)
			require.ErrorIs(t, err, io.EOF)
		}
	}
	for name, answer := range map[string]string{
		"rpc":  `{"id":7,"result":null,"error":"no"}` + "\n",
		"http": strings.Replace(pushAnswer(0), "200 OK", "503 Service Unavailable", 1),
	} {
		_, err := ways()[name].answer(newInbox(strings.NewReader(answer), 16))
		require.ErrorContains(t, err, "the answer is")
	}
}

// Whatever the process answers, a player gets an answer or an error, however it is
// cut into reads.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(rpcAnswer, 5)), uint8(3))
	f.Add([]byte(pushAnswer(5)), uint8(20))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"), uint8(1))
	f.Add([]byte("\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, answer []byte, piece uint8) {
		for _, name := range []string{"rpc", "http"} {
			first, firstErr := ways()[name].answer(newInbox(&fakeConn{from: bytes.NewReader(answer), piece: 1 + int(piece)}, 16))
			whole, wholeErr := ways()[name].answer(newInbox(bytes.NewReader(answer), 1+len(answer)))
			require.Equal(t, wholeErr == nil, firstErr == nil)
			require.Equal(t, whole, first)
			require.GreaterOrEqual(t, first, 0)
		}
	})
}
