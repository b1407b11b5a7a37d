package overflow

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
	"transfer/sender/spool/record"
)

// stored returns the ID and the fields of an entry as Redis would give them back.
func stored(b *queue.Block, last uint64) (id string, fields map[string]any) {
	bytes := record.Append(nil, b, 0, b.Len(), record.Stamp{Wall: 1, Monotonic: 2})
	o := origin{encoding: testEncoding, ring: "v7", relay: "a", run: "r"}
	args := o.appendEntry(nil, b, bytes, b.Len(), last)
	fields = make(map[string]any)
	for i := 1; i < len(args); i += 2 {
		fields[args[i].(string)] = asText(args[i+1])
	}
	return args[0].(string), fields
}

// asText returns the argument as Redis keeps it.
func asText(arg any) string {
	if bytes, ok := arg.([]byte); ok {
		return string(bytes)
	}
	return fmt.Sprint(arg)
}

func TestEntriesHaveSoManyArguments(t *testing.T) {
	require.Len(t, (&origin{}).appendEntry(nil, block(1, 1), []byte("x"), 1, 1), entryArgs)
}

// FuzzEntry: whatever lies in Redis, it is refused or is a Block whose items are within it.
func FuzzEntry(f *testing.F) {
	add := func(id string, fields map[string]any, from uint64) {
		text := func(name string) string { s, _ := fields[name].(string); return s }
		f.Add(id, text(fieldCount), []byte(text(fieldRecord)), text(fieldSum), from)
	}
	id, fields := stored(block(41, 10), 50)
	add(id, fields, 1)
	add(id, fields, 45)
	fields[fieldCount] = "9"
	add(id, fields, 41)
	id, fields = stored(block(1, 1), 1)
	add(id, fields, 1)
	add("0-0", fields, 1)
	add("1-7", fields, 1)
	f.Add("18446744073709551615-0", "18446744073709551615", []byte{0xff, 0xff, 0xff}, "0", uint64(1))
	f.Fuzz(func(t *testing.T, id, count string, stored []byte, sum string, from uint64) {
		e, err := parseEntry(id, map[string]any{
			fieldCount: count, fieldRecord: string(stored), fieldSum: sum, fieldEncoding: testEncoding,
		})
		require.LessOrEqual(t, e.from(from), uint64(e.count))
		if err != nil {
			return
		}
		require.Positive(t, e.first)
		require.Equal(t, numberOf(id)+1, e.end())
		if from >= e.end() {
			return
		}
		b := new(queue.Block)
		if _, err := e.fill(b, from); err != nil {
			require.ErrorIs(t, err, record.ErrIllegible)
			return
		}
		require.Equal(t, e.from(from), uint64(b.Len()))
		require.Equal(t, len(b.Payload), int(b.Items[b.Len()-1].End))
		for i := range b.Len() {
			_ = b.Item(i)
		}
	})
}

// A Block from within an entry is as if it had been stored alone.
func TestFillFromWithin(t *testing.T) {
	id, fields := stored(block(41, 10), 50)
	e, err := parseEntry(id, fields)
	require.NoError(t, err)
	for from := uint64(30); from < 51; from++ {
		b := new(queue.Block)
		_, err := e.fill(b, from)
		require.NoError(t, err)
		first := max(41, from)
		want := block(first, int(51-first))
		require.Equal(t, want.Payload, b.Payload)
		require.Len(t, b.Items, want.Len())
		for i := range want.Items {
			require.Equal(t, want.Item(i), b.Item(i))
			require.Equal(t, uint32(first)+uint32(i), b.Items[i].Hash)
		}
	}
	require.Zero(t, e.from(51))
}
