package rings

import (
	"context"
	"errors"
	"fmt"

	"transfer/g"
)

// origin is where the rings of now come from.
type origin struct {
	rings []backendRing
	relay *remote // that has them; nil: they are those of a configuration
	text  string  // what to say of it
	file  []backendRing
	path  string // of the configuration that file is of, if one was read
}

// find returns the rings of now: those of the relay that is named, or that answers
// where the configuration's would, or else of the configuration.
func (c *commands) find(ctx context.Context) (o origin, err error) {
	if c.relay != "" {
		o.relay = newRemote(c.relay)
		o.rings, err = o.relay.Rings(ctx)
		o.text = "the relay at " + o.relay.url
		return o, err
	}
	cfg, err := g.Load(c.config)
	if err != nil {
		return o, err
	}
	if o.file, err = fromConfig(cfg); err != nil {
		return o, err
	}
	o.path, o.rings, o.text = cfg.Path, o.file, cfg.Path
	url := cfg.AdminURL()
	if c.onlyFile || url == "" {
		return o, nil
	}
	relay := newRemote(url)
	live, err := relay.Rings(ctx)
	if err != nil {
		o.text = fmt.Sprintf("%s (no relay answers at %s)", cfg.Path, url)
		if !errors.Is(err, errNoAnswer) {
			o.text = fmt.Sprintf("%s (not of what runs at %s: %v)", cfg.Path, url, err)
		}
		return o, nil
	}
	o.rings, o.relay, o.text = live, relay, "the relay at "+url
	return o, nil
}

// chosen returns the ring of the backend that the flags name, or all.
func (c *commands) chosen(all []backendRing) ([]backendRing, error) {
	if c.backend == "" {
		return all, nil
	}
	if one := find(all, c.backend); one != nil {
		return []backendRing{*one}, nil
	}
	return nil, fmt.Errorf("cannot find a ring of %q: name an enabled backend that has one, such as graph", c.backend)
}
