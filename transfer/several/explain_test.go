package several

import "context"

// explain says, when a test has failed, what waits where.
func (f *fleet) explain() {
	if !f.T.Failed() {
		return
	}
	for i, relay := range f.Relays {
		if !relay.Runs() {
			continue
		}
		for _, path := range []string{"/api/spool", "/api/ledger", "/api/health"} {
			text, err := relay.Get(path)
			f.T.Logf("%s %s: %s %v", relayID(i), path, text, err)
		}
	}
	c := f.redis.Client()
	defer func() { _ = c.Close() }()
	found := c.Scan(context.Background(), 0, "transfer:{o:*}:meta", 10_000).Iterator()
	for found.Next(context.Background()) {
		f.T.Logf("%s: %v", found.Val(), c.HGetAll(context.Background(), found.Val()).Val())
	}
}
