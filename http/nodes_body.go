package http

import (
	"errors"
	"fmt"
	"io"
	nethttp "net/http"

	jsoniter "github.com/json-iterator/go"
)

// maxNodeBytes bounds the body that describes a node.
const maxNodeBytes = 64 << 10

// nodeBody describes a node that is to be added.
type nodeBody struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	Force     bool     `json:"force"` // though it moves more than maxMove allows
}

const nodeRemedy = `send {"name":"graph-03","addresses":["10.0.0.4:6070"]}`

// readNode reads a node's description, which may hold nothing else: a word that is
// misspelt would else be a wish that nobody hears. What the backend allows for name and
// addresses is for the relay to say.
func readNode(body io.Reader) (nodeBody, error) {
	var tooLarge *nethttp.MaxBytesError
	text, err := io.ReadAll(body)
	switch {
	case errors.As(err, &tooLarge):
		return nodeBody{}, fmt.Errorf("cannot read the body, it has more than %d bytes: %w", tooLarge.Limit, err)
	case err != nil:
		return nodeBody{}, fmt.Errorf("cannot read the body: %w", err)
	}
	var node nodeBody
	api := jsoniter.Config{DisallowUnknownFields: true, CaseSensitive: true}.Froze()
	if err := api.Unmarshal(text, &node); err != nil {
		return nodeBody{}, fmt.Errorf("bad body, %s: %w", nodeRemedy, err)
	}
	switch {
	case node.Name == "":
		return nodeBody{}, errors.New("the node has no name: " + nodeRemedy)
	case len(node.Addresses) == 0:
		return nodeBody{}, errors.New("the node has no address: " + nodeRemedy)
	}
	node.Name = validText(node.Name)
	for i, address := range node.Addresses {
		node.Addresses[i] = validText(address)
	}
	return node, nil
}

// validText returns s with U+FFFD for each invalid byte, as the file is read.
func validText(s string) string { return string([]rune(s)) }
