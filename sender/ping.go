package sender

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"net/rpc"
	"strings"
)

// Ping calls the service's Ping, which takes and gives nothing of interest. A service
// without one counts as alive once it is connected. It is the only call on its
// connection: it defines other types than Send does.
func (c *gobConn) Ping() error {
	if c.service.ping == "" {
		return nil
	}
	var request bytes.Buffer
	encoder := gob.NewEncoder(&request)
	err := errors.Join(encoder.Encode(rpc.Request{ServiceMethod: c.service.ping}), encoder.Encode(struct{}{}))
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", c.service.ping, err)
	}
	c.seq++
	if err := c.call(request.Bytes(), nil, nil); err != nil {
		return err
	}
	_, err = c.Confirm()
	return livePing(err)
}

// Ping calls Transfer.Ping.
func (c *rpcConn) Ping() error {
	c.id++
	request := fmt.Sprintf(`{"method":"Transfer.Ping","params":[{}],"id":%d}`+"\n", c.id)
	if err := c.call([]byte(request), nil, nil); err != nil {
		return err
	}
	_, err := c.Confirm()
	return livePing(err)
}

// livePing returns err unless it is the word of a server that lives but knows no ping.
func livePing(err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) && strings.HasPrefix(refusal.Error(), cannotFind) {
		return nil
	}
	return err
}
