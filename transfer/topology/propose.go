package topology

import (
	"context"
	"fmt"
	"time"
)

// Proposal is a document that is to be set.
type Proposal struct {
	Document *Document     // its rings; all else of it is filled in
	After    *Document     // that it is to follow; nil: nothing is set yet
	In       time.Duration // from when it is to hold, from now on
	By, Note string
	Forced   bool
}

// Propose sets the proposal as the next version and returns that. The error is ErrConflict
// where it does not follow what is there. With the reply of Redis lost it
// looks once whether the version was set.
func (s *Store) Propose(ctx context.Context, p Proposal) (*Document, error) {
	set, now, err := s.Version(ctx)
	if err != nil {
		return nil, err
	}
	before := p.After.version()
	if set != before {
		return nil, fmt.Errorf("%w (version %d is there, not %d)", ErrConflict, set.Number, before.Number)
	}
	d := *p.Document
	d.Version, d.ID, d.Parent = before.Number+1, newID(), before.ID
	d.At, d.EffectiveAt = now.UnixMilli(), now.Add(p.In).UnixMilli()
	d.By, d.Note, d.Forced = p.By, p.Note, p.Forced
	if p.After != nil && d.EffectiveAt <= p.After.EffectiveAt {
		d.EffectiveAt = p.After.EffectiveAt + 1
	}
	if err := s.Set(ctx, before, &d); err != nil {
		if set, _, lookErr := s.Version(ctx); isConflict(err) || lookErr != nil || !d.is(set) {
			return nil, err
		}
	}
	return &d, nil
}

// toFollow returns what a proposal is to follow: what is set, nil if nothing is. What is set
// and cannot be used has its version alone, and no rings.
func (s *Store) toFollow(ctx context.Context) (*Document, error) {
	v, _, err := s.Version(ctx)
	if err != nil || v.Number == 0 {
		return nil, err
	}
	d, err := s.Document(ctx, v.Number)
	switch {
	case isUnusable(err) || err == nil && !d.is(v):
		return &Document{Version: v.Number, ID: v.ID}, nil
	case err != nil:
		return nil, err
	}
	return d, nil
}
