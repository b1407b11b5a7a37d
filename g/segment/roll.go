package segment

import "io"

// openSealed is how many segments are held open for a Sync to come. One that is due
// later is opened again then: a log that is never synced must not use up all
// descriptors, and one that is synced each few ms always has fewer.
const openSealed = 4

// spare is an emptied segment.
type spare struct {
	name  string
	bytes int64
}

// roll makes the cursor stand in a new segment, behind the records at its head and
// with room for the first one that is to be added.
func (l *Log) roll(first Record) error {
	s, err := l.begin(first.First)
	if err != nil {
		return err
	}
	if l.cursor.segment != nil {
		l.full = append(l.full, l.cursor)
	}
	head := recordsBytes(l.heads)
	l.cursor = cursor{
		segment: s, offset: recordsFrom, next: first.First,
		limit: max(l.segmentBytes(), recordsFrom+head+recordBytes(len(first.Payload))),
	}
	if len(l.heads) == 0 {
		return nil
	}
	for i := range l.heads {
		l.heads[i].First = first.First
	}
	return l.put(l.heads, head)
}

// segmentBytes returns how large a segment that begins now is to get.
func (l *Log) segmentBytes() int64 {
	size := l.options.largestOf()
	if free, err := l.options.Disk.Free(l.dir); err == nil {
		size = min(size, free/8)
	}
	return max(size, l.options.smallest)
}

// begin makes the file of a segment whose first sequence number is given. It gets its
// name when it has its header: a crash between the two leaves a spare.
func (l *Log) begin(first uint64) (*segment, error) {
	l.number++
	g := generation{number: l.number, salt: l.options.salt()}
	s := &segment{name: g.file(segmentSuffix), seed: g.seed(l.options.Owner)}
	s.header = header{
		generation: g, first: first, begun: l.options.Now().UnixNano(),
		owner: l.options.Owner, encoding: l.options.Encoding,
	}
	from, file, err := l.takeSpare(g)
	if err == nil {
		s.file, s.bytes, s.end = file, max(from.bytes, recordsFrom), recordsFrom
		err = writeAt(file, s.pages(), 0)
	}
	if err == nil {
		err = l.options.Disk.Rename(l.path(from.name), l.path(s.name))
	}
	if err != nil {
		closeAll([]File{file})
		_ = l.options.Disk.Remove(l.path(from.name)) // at worst it is a spare at the next Open
		return nil, diskError("begin", l.path(s.name), err)
	}
	l.namesChanged()
	return s, nil
}

// takeSpare opens a spare for writing, a fresh file if there is none.
func (l *Log) takeSpare(g generation) (spare, File, error) {
	n := len(l.spares)
	if n == 0 {
		fresh := spare{name: g.file(spareSuffix)}
		file, err := l.options.Disk.Create(l.path(fresh.name))
		return fresh, file, err
	}
	taken := l.spares[n-1]
	l.spares = l.spares[:n-1]
	file, err := l.options.Disk.Reuse(l.path(taken.name))
	return taken, file, err
}

// discard removes a segment that was begun and never published.
func (l *Log) discard(s *segment) {
	_ = s.file.Close()
	_ = l.options.Disk.Remove(l.path(s.name)) // what stays is void at the next Open
	l.namesChanged()
}

// seal ends the cursor's segment.
func (l *Log) seal() {
	s := l.cursor.segment
	l.cursor = cursor{}
	if s != nil {
		l.retire(s)
	}
}

// retire says of a segment that nothing is added to it any more, and closes what need
// not be open.
func (l *Log) retire(s *segment) {
	l.mu.Lock()
	s.sealed = true
	files := []File{s.spareFile()}
	open := 0
	for i := len(l.segments) - 1; i >= 0; i-- {
		if s := l.segments[i]; s.sealed && s.file != nil {
			if open++; open > openSealed {
				files = append(files, s.file)
				s.file = nil
			}
		}
	}
	l.mu.Unlock()
	closeAll(files)
}

// closeAll closes files of which all that matters was synced, or is to be synced
// through another descriptor.
func closeAll(files []File) {
	for _, file := range files {
		if file != nil {
			_ = file.Close()
		}
	}
}

// namesChanged makes the next Sync include the directory.
func (l *Log) namesChanged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newNames = true
}

// writeAt writes all of b or returns an error.
func writeAt(file File, b []byte, offset int64) error {
	n, err := file.WriteAt(b, offset)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
