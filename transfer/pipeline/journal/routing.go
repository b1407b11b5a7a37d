package journal

import (
	"fmt"
	"slices"

	"transfer/g/segment"
)

// SetRouting says what decides where the points from now on go; to the journal it is a
// text. It stands before those points, and at the head of each segment. On an error
// it will stand before the next points all the same.
func (j *Journal) SetRouting(routing []byte) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	r := segment.Record{Schema: schemaRouting, Payload: slices.Clone(routing)}
	if err := j.log.SetHead(r); err != nil {
		return fmt.Errorf("cannot set the journal's routing: %w", err)
	}
	if r.First = j.log.End().Next; r.First == 0 {
		last, _ := j.Bounds()
		r.First = last + 1
	}
	err := j.log.Append(r)
	if err != nil {
		err = fmt.Errorf("cannot write to the journal: %w", err)
		j.log.Seal() // so that the next record begins a segment, with its head
	}
	j.settle(nil, err)
	return err
}
