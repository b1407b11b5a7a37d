package receiver

// gobID is the number by which a stream calls a type.
type gobID int64

// The types that need no definition, and the lowest number of those that do
// (encoding/gob, type.go).
const (
	gobNil       gobID = 0 // no type
	gobBool      gobID = 1
	gobInt       gobID = 2
	gobUint64    gobID = 3
	gobFloat     gobID = 4
	gobBytes     gobID = 5
	gobString    gobID = 6
	gobComplex   gobID = 7
	gobInterface gobID = 8
	gobFirstUser gobID = 64
)

// gobKind is how a defined type is built: the number of wireType's field that
// describes it (encoding/gob, type.go).
type gobKind int

const (
	gobArray  gobKind = 1
	gobSlice  gobKind = 2
	gobStruct gobKind = 3
	gobMap    gobKind = 4
	gobOwn    gobKind = 5 // and above: encodes itself, into bytes
)

// gobType is a type that the client defined.
type gobType struct {
	kind   gobKind
	key    gobID // of a map
	elem   gobID // of a map, a slice or an array
	fields []gobField
}

type gobField struct {
	name string
	id   gobID
}

// The bounds of what a client may define; a stock client needs some 300 bytes.
const (
	maxGobTypes = 8 << 10 // bytes of definitions on one connection
	maxGobDepth = 100     // of types within types in a value
)

// gobTypes are the types that one connection has defined.
type gobTypes struct {
	byID  map[gobID]gobType
	order []gobID // in which they came
	bytes int     // of their definitions
}

// define reads a type's definition under the number id.
func (t *gobTypes) define(id gobID, r *gobReader) {
	own := gobReader{data: r.data[:min(len(r.data), maxGobTypes-t.bytes)]}
	size := len(own.data)
	var defined gobType
	own.fields(func(kind int) {
		defined.kind = min(gobKind(kind), gobOwn)
		own.fields(func(number int) { defined.read(number, &own) })
	})
	if _, known := t.byID[id]; known || id < gobFirstUser || own.err != nil || defined.kind == 0 {
		r.fail()
		return
	}
	size -= len(own.data)
	r.take(uint64(size))
	t.byID[id] = defined
	t.order = append(t.order, id)
	t.bytes += size
}

// gobMark is how many types were defined at one time.
type gobMark struct{ types, bytes int }

func (t *gobTypes) mark() gobMark { return gobMark{len(t.order), t.bytes} }

// forget takes back what was defined since the mark.
func (t *gobTypes) forget(m gobMark) {
	for _, id := range t.order[m.types:] {
		delete(t.byID, id)
	}
	t.order, t.bytes = t.order[:m.types], m.bytes
}

// read reads one field of arrayType, sliceType, structType, mapType or
// gobEncoderType. The first of each is its name and number, which say nothing new.
func (t *gobType) read(number int, r *gobReader) {
	switch {
	case number == 1:
		readGobField(r)
	case number == 2 && t.kind == gobStruct:
		for n := r.uint(); n > 0 && r.err == nil; n-- {
			t.fields = append(t.fields, readGobField(r))
		}
	case number == 2 && t.kind == gobMap:
		t.key = gobID(r.int())
	case number == 2 || number == 3 && t.kind == gobMap:
		t.elem = gobID(r.int())
	case number == 3 && t.kind == gobArray:
		r.int() // its length is told with every value, too
	default:
		r.fail()
	}
}

// readGobField reads a fieldType, or a CommonType, which looks the same.
func readGobField(r *gobReader) (f gobField) {
	r.fields(func(number int) {
		if number == 1 {
			f.name = string(r.bytes())
		} else {
			f.id = gobID(r.int())
		}
	})
	return f
}

// skip skips a value of the type id, which lies depth types deep. Every value
// takes at least one byte, so that the work is bounded by the message.
func (t *gobTypes) skip(id gobID, r *gobReader, depth int) {
	switch id {
	case gobBool, gobInt, gobUint64, gobFloat:
		r.uint()
	case gobComplex:
		r.uint()
		r.uint()
	case gobBytes, gobString:
		r.bytes()
	case gobInterface:
		if depth > maxGobDepth {
			r.fail()
		} else if inner := t.openInterface(r); inner != gobNil {
			t.skip(inner, r, depth+1)
		}
	default:
		t.skipDefined(id, r, depth)
	}
}

// skipMessage skips a value of the type id that is a message of its own.
func (t *gobTypes) skipMessage(id gobID, r *gobReader) {
	t.openSingle(id, r)
	t.skip(id, r, 0)
}

// skipDefined skips a value of a type that the client defined.
func (t *gobTypes) skipDefined(id gobID, r *gobReader, depth int) {
	defined, known := t.byID[id]
	if !known || depth > maxGobDepth {
		r.fail()
		return
	}
	switch defined.kind {
	case gobStruct:
		r.fields(func(number int) {
			t.skip(defined.field(number).id, r, depth+1)
		})
	case gobOwn:
		r.bytes()
	default:
		for n := r.uint(); n > 0 && r.err == nil; n-- {
			if defined.kind == gobMap {
				t.skip(defined.key, r, depth+1)
			}
			t.skip(defined.elem, r, depth+1)
		}
	}
}

// field returns the field with that number. One that the type does not have has
// an id that no type has.
func (t *gobType) field(number int) gobField {
	if number > len(t.fields) {
		return gobField{}
	}
	return t.fields[number-1]
}

// openInterface reads a value in an interface up to where the value itself stands
// and returns its type, gobNil for nil. Types that the client has not told before
// are defined in between. How long the value is said to be is not looked at: it
// may hold definitions, too, and then goes on behind them.
func (t *gobTypes) openInterface(r *gobReader) gobID {
	if name := r.bytes(); len(name) == 0 {
		return gobNil
	}
	for r.err == nil {
		id := gobID(r.int())
		if id >= 0 {
			r.uint()
			t.openSingle(id, r)
			return id
		}
		t.define(-id, r)
		r.resume()
	}
	return gobNil
}

// gobSingleton stands before a value that is no struct, where a struct's first
// field would stand.
const gobSingleton = 0

// openSingle reads what stands before a value of the type id that is no part of
// another one.
func (t *gobTypes) openSingle(id gobID, r *gobReader) {
	if t.byID[id].kind != gobStruct && r.uint() != gobSingleton {
		r.fail()
	}
}
