package topology

import (
	"context"
	"log/slog"
	"time"
)

// AtStart returns the topology with which a relay begins: what is in force by Redis'
// clock, or last, what was in force here, where Redis does not answer within ctx or has
// lost it. usable says why a document cannot be used here. It returns nil where there is
// none: the file's own rings hold then.
func AtStart(ctx context.Context, store *Store, last *Document, usable func(*Document) error, log *slog.Logger) *Document {
	set, now, err := store.Version(ctx)
	if err != nil {
		log.Warn("Redis does not answer: the relay begins with the topology that it had last", "version", last.version().Number, "error", err)
		return firstUsable([]*Document{last}, usable, log)
	}
	if set.Number < last.version().Number {
		return firstUsable([]*Document{last}, usable, log)
	}
	return firstUsable(append(inForceAt(ctx, store, set, now, log), last), usable, log)
}

// inForceAt returns the version that is in force at the time now of Redis, nothing if that
// cannot be told.
func inForceAt(ctx context.Context, store *Store, set Version, now time.Time, log *slog.Logger) []*Document {
	for n := set.Number; n > 0; n-- {
		d, err := store.Document(ctx, n)
		if err != nil {
			log.Warn("a version of the shared topology cannot be had at the start", "version", n, "error", err)
			return nil
		}
		if !d.from().After(now) {
			return []*Document{d}
		}
	}
	return nil
}

// firstUsable returns the first of all that can be used, nil if none can.
func firstUsable(all []*Document, usable func(*Document) error, log *slog.Logger) *Document {
	for _, d := range all {
		if d == nil {
			continue
		}
		err := usable(d)
		if err == nil {
			return d
		}
		log.Error("the shared topology cannot be used at the start", "version", d.Version, "error", err)
	}
	return nil
}
