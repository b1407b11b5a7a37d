package rings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"transfer/g/metric"
	"transfer/sender/queue"
)

// errWords says what `place` wants.
var errWords = errors.New("cannot tell the series: give ENDPOINT METRIC [TAGS], or ENDPOINT/METRIC[/TAGS]")

// placement is where a backend's ring places a series, and why.
type placement struct {
	Backend   string   `json:"backend"`
	Key       string   `json:"key"`
	HashName  string   `json:"hashName"` // crc32 or murmur3
	Hash      uint32   `json:"hash"`     // of the key
	Point     uint32   `json:"point"`    // hash of the virtual point that the key's falls on
	PointOf   string   `json:"pointOf"`  // whose hash that is: a number and the node's name
	Number    int      `json:"number"`   // of the node's points, from 0 on
	Wrapped   bool     `json:"wrapped"`  // there is no point above the key's hash, so it is the first one
	Node      string   `json:"node"`
	Addresses []string `json:"addresses"` // each gets every point
	Lane      int      `json:"lane"`      // of each address, from 0 on
	Lanes     int      `json:"lanes"`
}

// place is the command `place`.
func (c *commands) place(ctx context.Context, cmd *cobra.Command, words []string) error {
	key, err := keyOf(words)
	if err != nil {
		return err
	}
	o, err := c.find(ctx)
	if err != nil {
		return err
	}
	some, err := c.chosen(o.rings)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if !c.json {
		fmt.Fprintf(out, "By the rings of %s\n", o.text)
	}
	for i := range some {
		p := some[i].place(key)
		if c.json {
			err = writeJSON(out, p)
		} else {
			err = p.write(out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keyOf returns the key of the series that the words name, as the relay computes it.
func keyOf(words []string) (string, error) {
	var b metric.Batch
	p := b.Add()
	if len(words) == 1 { // as a line has it: the counter is joined
		p.Endpoint, p.Metric, _ = strings.Cut(words[0], "/")
		p.Joined = true
		p.Part()
	} else {
		p.Endpoint, p.Metric = words[0], words[1]
		p.RawTags = strings.Join(words[2:], "")
	}
	switch {
	case p.Endpoint == "" || p.Metric == "":
		return "", errWords
	case len(p.Metric)+len(p.RawTags) > metric.MaxNameBytes:
		return "", fmt.Errorf("cannot place the series: metric and tags are over %d bytes long, the relay refuses its points", metric.MaxNameBytes)
	}
	b.Resolve(p)
	return p.Key, nil
}

// place returns where the series with this key goes.
func (b *backendRing) place(key string) placement {
	hash := b.ring.Hash().Sum(key)
	point, wrapped := b.ring.PointOf(hash)
	p := placement{
		Backend: b.Backend, Key: key, HashName: b.Hash, Hash: hash,
		Point: point.Hash, PointOf: fmt.Sprintf("%d%s", point.Number, point.Node), Number: point.Number, Wrapped: wrapped,
		Node: point.Node, Lane: queue.LaneOf(hash, b.Lanes), Lanes: b.Lanes,
	}
	for _, s := range b.Shares {
		if s.Node == p.Node {
			p.Addresses = s.Addresses
		}
	}
	return p
}

// write writes the placement for people.
func (p *placement) write(out io.Writer) error {
	why := "the first one above the hash"
	if p.Wrapped {
		why = "the first one of the ring, since none is above the hash"
	}
	each := ""
	if len(p.Addresses) > 1 {
		each = ", each gets every point"
	}
	lanes := ", the only one"
	if p.Lanes > 1 {
		lanes = fmt.Sprintf(" of 0 to %d", p.Lanes-1)
	}
	_, err := fmt.Fprintf(out, `
%s
  key        %s
  hash       %08x, the key's %s
  point      %08x, %s: the hash of %q
  node       %s
  addresses  %s%s
  lane       %d%s
`, p.Backend, visible(p.Key), p.Hash, p.HashName, p.Point, why, p.PointOf, visible(p.Node), strings.Join(p.Addresses, ", "), each, p.Lane, lanes)
	return err
}
