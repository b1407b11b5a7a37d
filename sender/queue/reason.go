package queue

// Reason is why points are dropped.
type Reason int

// The reasons.
const (
	DroppedCap        Reason = iota // the target's queueBytes or spoolBytes, or the disk's reserve
	DroppedMemory                   // the budget of all queues
	DroppedAge                      // maxAge
	DroppedDamaged                  // lost in a damaged spool
	DroppedTooLarge                 // an item that no segment of a spool takes
	DroppedEncoding                 // spooled in a form that is not known any more; the file is kept
	DroppedDeadLetter               // refused for good by the backend, kept as a dead letter
	DroppedPurged                   // thrown away by a person
	DroppedReplica                  // of an address that left a node with several: the others had the same points
	DroppedRedisLost                // lay in Redis, which has lost them
	numReasons
)

func reasonNames() [numReasons]string {
	return [numReasons]string{
		DroppedCap: "cap", DroppedMemory: "memory", DroppedAge: "age", DroppedDamaged: "damaged",
		DroppedTooLarge: "too_large", DroppedEncoding: "encoding",
		DroppedDeadLetter: "dead_letter", DroppedPurged: "purged", DroppedReplica: "replica",
		DroppedRedisLost: "redis_lost",
	}
}

// String returns the reason as the ledger names it.
func (r Reason) String() string { return reasonNames()[r] }
