package sender

import "transfer/sender/ring"

// Ring returns the ring that places the cluster's series, nil for a group.
func (c *Cluster) Ring() *ring.Ring { return c.ring }
