package faults

import (
	"fmt"
	"os"
	"sync/atomic"
)

// places counts the addresses that were given away.
var places atomic.Uint32

// freeAddress returns an address of this machine alone, with port 0, that no other
// stand-in has. A stand-in that goes away and comes back to its port must find it free:
// at 127.0.0.1 a connection of somebody else may have taken it meanwhile.
func freeAddress() string {
	n := places.Add(1)
	return fmt.Sprintf("127.%d.%d.%d:0", 1+os.Getpid()%250, n/250%250, 1+n%250)
}
