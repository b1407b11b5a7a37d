package sender

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
)

// replied returns what Confirm makes of reply to call 1 of one point.
func replied(reply []byte) (Receipt, error) {
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	go func() {
		_, _ = server.Write(reply)
		_ = server.Close()
	}()
	bounded := &boundedReader{from: client}
	c := &rpcConn{
		tcp: &tcp{address: "peer"}, replies: bounded, id: 1, sent: 1,
		decoder: jsoniter.ConfigCompatibleWithStandardLibrary.NewDecoder(bounded),
	}
	return c.Confirm()
}

func TestRPCReplies(t *testing.T) {
	refused := func(permanent bool, text string) error {
		return &Refusal{Permanent: permanent, Err: errors.New(text)}
	}
	tests := []struct {
		reply string
		want  Receipt
		err   error // nil with a zero want: any transport error
	}{
		{`{"id":1,"result":{"Message":"ok","Total":1,"Invalid":0,"Latency":3},"error":null}`, Receipt{Blocks: 1}, nil},
		{` {"error":null,"RESULT":{"invalid":1},"id":1,"more":[{}]}`, Receipt{Blocks: 1, Rejected: 1}, nil},
		{`{"id":1,"result":{}}`, Receipt{Blocks: 1}, nil},
		{`{"id":1,"result":null,"error":"retry: later"}`, Receipt{}, refused(false, "retry: later")},
		{`{"id":1,"result":null,"error":"rpc: can't find method Transfer.Update"}`, Receipt{}, refused(false, "rpc: can't find method Transfer.Update")},
		{`{"id":1,"result":null,"error":"no"}`, Receipt{}, refused(true, "no")},
		{`{"id":1,"result":{},"error":{"code":3}}`, Receipt{}, refused(true, `{"code":3}`)},
		{`{"id":1,"result":null,"error":null}`, Receipt{}, nil},
		{`{"id":2,"result":{},"error":null}`, Receipt{}, nil},
		{`{"id":null,"result":{},"error":null}`, Receipt{}, nil},
		{`{"id":"1","result":{},"error":null}`, Receipt{}, nil},
		{`{"result":{},"error":null}`, Receipt{}, nil},
		{`{"id":1,"result":{"Invalid":"x"}}`, Receipt{}, nil},
		{`{"id":1,"result":{}`, Receipt{}, nil},
		{`[]`, Receipt{}, nil},
		{`null`, Receipt{}, nil},
		{``, Receipt{}, nil},
		{strings.Repeat("[", 100000), Receipt{}, nil},
		{`{"x":` + strings.Repeat("[", 50000), Receipt{}, nil},
	}
	for _, test := range tests {
		got, err := replied([]byte(test.reply))
		require.Equal(t, test.want, got, "%.100s", test.reply)
		switch {
		case test.want.Blocks > 0:
			require.NoError(t, err, test.reply)
		case test.err != nil:
			require.Equal(t, test.err, err, test.reply)
		default:
			transportOf(t, err, "peer")
		}
	}
}

// Whatever a server sends, Confirm ends, and says yes only to what encoding/json
// takes for a good reply as well.
func FuzzRPCReply(f *testing.F) {
	f.Add([]byte(`{"id":1,"result":{"Message":"ok","Total":1,"Invalid":0,"Latency":3},"error":null}` + "\n"))
	f.Add([]byte(`{"id":1,"result":null,"error":"retry: later"}`))
	f.Add([]byte(`{"id":1,"id":2,"result":{"Invalid":1e3}}`))
	f.Add([]byte(`{"id":1,"result":{"Invalid":7},"x":[[[[`))
	f.Add([]byte(`nul`))
	f.Fuzz(func(t *testing.T, reply []byte) {
		r, err := replied(reply)
		if err != nil {
			require.Zero(t, r)
			return
		}
		require.Equal(t, 1, r.Blocks)
		require.Contains(t, []int{0, 1}, r.Rejected)
		var stock struct{ ID *uint64 }
		// Only the envelope is compared: the iterator is laxer within skipped values.
		if json.NewDecoder(bytes.NewReader(reply)).Decode(&stock) == nil {
			require.EqualValues(t, 1, *stock.ID)
		}
	})
}
