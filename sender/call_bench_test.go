package sender

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// BenchmarkCall is a call of 200 items over loopback to a server that does as little
// as it can, the server's part included.
func BenchmarkCall(b *testing.B) {
	servers := map[string]func(net.Conn){
		"gob": answerGob, "json": answerJSON, "tsdb http": answerHTTP, "influxdb": answerHTTP,
	}
	for _, w := range wires(b) {
		b.Run(w.name, func(b *testing.B) {
			backend := w.backend(b, time.Minute)
			benchmarkCall(b, backend, w.address(serve(b, servers[w.name])))
		})
	}
	b.Run("tsdb telnet", func(b *testing.B) {
		address := serve(b, drain)
		benchmarkCall(b, build(b, "tsdb", section("tsdb", address), 30).Backend, address)
	})
}

func benchmarkCall(b *testing.B, backend Backend, address string) {
	points := make([]metric.Point, 200)
	for i := range points {
		points[i] = point("host-01.example.com", "net.if.in.bytes", "iface=eth"+strconv.Itoa(i), float64(i))
	}
	block, c := blockOf(backend, points), dial(b, backend, address)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, c.Send(block))
		_, err := c.Confirm()
		require.NoError(b, err)
	}
}

// answerGob is a net/rpc server that decodes nothing.
func answerGob(c net.Conn) {
	from := bufio.NewReaderSize(c, 64<<10)
	var reply bytes.Buffer
	encoder := gob.NewEncoder(&reply)
	for seq := uint64(0); ; seq++ {
		for values := 0; values < 2; {
			isValue, err := skipGobMessage(from)
			if err != nil {
				return
			}
			if isValue {
				values++
			}
		}
		reply.Reset()
		_ = encoder.Encode(rpc.Response{ServiceMethod: "Graph.Send", Seq: seq})
		_ = encoder.Encode(SimpleRPCResponse{})
		_, _ = c.Write(reply.Bytes())
	}
}

// skipGobMessage reads a message and reports whether it is a value, not a type.
func skipGobMessage(from *bufio.Reader) (isValue bool, err error) {
	head, err := from.Peek(12) // more than length and id take, less than a message
	if err != nil {
		return false, err
	}
	length, n := readGobUint(head)
	id, _ := readGobUint(head[n:])
	_, err = from.Discard(n + int(length))
	return id&1 == 0, err
}

// answerJSON is a jsonrpc server that takes every line for a call.
func answerJSON(c net.Conn) {
	from := bufio.NewReaderSize(c, 64<<10)
	for id := 1; ; id++ {
		if _, err := from.ReadSlice('\n'); err != nil {
			return
		}
		_, _ = io.WriteString(c, `{"id":`+strconv.Itoa(id)+`,"result":{"Message":"ok","Total":200,"Invalid":0,"Latency":0},"error":null}`+"\n")
	}
}

// answerHTTP is an HTTP server that reads nothing of a call but its length.
func answerHTTP(c net.Conn) {
	from := bufio.NewReaderSize(c, 64<<10)
	for {
		length := 0
		for line := "-"; line != ""; {
			text, err := from.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimSpace(text)
			if value, ok := strings.CutPrefix(line, "Content-Length: "); ok {
				length, _ = strconv.Atoi(value)
			}
		}
		_, _ = from.Discard(length)
		_, _ = io.WriteString(c, "HTTP/1.1 "+strconv.Itoa(http.StatusNoContent)+" No Content\r\n\r\n")
	}
}
