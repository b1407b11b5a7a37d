//go:build amd64 && !race

package queue

import "unsafe"

// LookAhead asks for the memory of three lanes that are put into soon, in this order:
// next, which gets so many items of so many bytes in all, then, and later. So each lane
// is asked for three times before its turn.
//
// Most of what a Put costs is to wait for memory: the lane, its newest Block and where
// that ends were written last by another processor, or so long ago that no cache has
// them. A batch for hundreds of lanes waits hundreds of times, unless it asks ahead; and
// it has to ask in three steps, since each of them reads what the one before has asked
// for.
//
// No lock is held: the lanes may be in use. What is read of them may be out of date, and
// is good for nothing but to ask for memory, which changes nothing and may be done for any
// address. The race detector cannot know that (ahead_none.go).
func LookAhead(next, then, later *Lane, items, bytes int) {
	a := ahead{lane: uintptr(unsafe.Pointer(later)), queue: uintptr(unsafe.Pointer(later.queue))}
	if b := then.waiting.newest(); b != nil {
		a.block = uintptr(unsafe.Pointer(b))
	}
	if b := next.waiting.newest(); b != nil {
		a.payload = uintptr(unsafe.Pointer(unsafe.SliceData(b.Payload))) + uintptr(len(b.Payload))
		a.payloadEnd = a.payload + uintptr(min(bytes, mostAhead))
		a.items = uintptr(unsafe.Pointer(unsafe.SliceData(b.Items))) + uintptr(itemBytes*len(b.Items))
		a.itemsEnd = a.items + uintptr(itemBytes*items)
	}
	prefetch(&a)
}

// mostAhead is how much of the payload is asked for, bytes. What lies behind it the
// processor asks for by itself, once it sees that memory is written in order.
const mostAhead = 4 << 10

// ahead is what to ask for: addresses, 0 for none. ahead_amd64.s knows their order.
type ahead struct {
	lane, queue, block  uintptr // what each Put looks at comes first in them
	payload, payloadEnd uintptr
	items, itemsEnd     uintptr
}

// prefetch asks the processor for memory that will be written, and does not wait for it.
//
//go:noescape
func prefetch(a *ahead)
