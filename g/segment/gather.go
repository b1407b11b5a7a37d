package segment

// gatherBytes is how many bytes of small records are collected for one write. More
// would save nothing: to copy 64 KiB into the system costs 20 times what the call
// does.
const gatherBytes = 64 << 10

// gather writes records to a file in as few calls as its memory allows.
type gather struct {
	file   File
	offset int64 // in the file, of what is collected
	buffer []byte
	err    error // the first one since begin
}

// begin sets where the next record goes.
func (g *gather) begin(file File, offset int64) {
	g.file, g.offset, g.buffer, g.err = file, offset, g.buffer[:0], nil
	if g.buffer == nil {
		g.buffer = make([]byte, 0, gatherBytes+recordHeader+recordAlign)
	}
}

// add adds a record. Its payload is not kept.
func (g *gather) add(r Record, seed uint32) {
	bytes := recordBytes(len(r.Payload))
	large := bytes > gatherBytes
	if !large && int64(len(g.buffer))+bytes > gatherBytes {
		g.flush()
	}
	g.buffer = r.appendHeader(g.buffer, seed)
	if large {
		g.flush()
		g.write(r.Payload)
	} else {
		g.buffer = append(g.buffer, r.Payload...)
	}
	g.buffer = r.appendPadding(g.buffer)
}

// end writes what is still collected and returns the first error.
func (g *gather) end() error {
	g.flush()
	return g.err
}

func (g *gather) flush() {
	g.write(g.buffer)
	g.buffer = g.buffer[:0]
}

func (g *gather) write(b []byte) {
	if g.err != nil || len(b) == 0 {
		return
	}
	g.err = writeAt(g.file, b, g.offset)
	g.offset += int64(len(b))
}
