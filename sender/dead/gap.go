package dead

import (
	"cmp"
	"slices"

	"transfer/g/segment"
)

// gap is a run of letters that were removed while older ones stay.
type gap struct {
	First uint64 `json:"first"` // number of the first
	End   place  `json:"end"`   // behind the last
}

// mostGaps bounds the manifest. There is a gap for each time that the settings of a
// target with letters were changed, at most.
const mostGaps = 100

// without returns the manifest less the letters from the number first up to end, where
// oldest is the number of the first one that is left.
func (m manifest) without(first uint64, end segment.Position, oldest uint64) manifest {
	gaps := append(slices.Clone(m.Gaps), gap{First: first, End: place(end)})
	slices.SortFunc(gaps, func(a, b gap) int { return cmp.Compare(a.First, b.First) })
	m.Gaps = nil
	for _, g := range gaps {
		switch before := m.reaching(g.First, oldest); {
		case before == nil:
			m.Gaps = append(m.Gaps, g)
		case g.End.Next > before.Next:
			*before = g.End
		}
	}
	return m
}

// reaching returns the end of what was removed up to the number or beyond, to the last
// gap, nil if letters are left before it.
func (m *manifest) reaching(number, oldest uint64) *place {
	if number <= max(oldest, m.Removed.Next) {
		return &m.Removed
	}
	if n := len(m.Gaps); n > 0 && number <= m.Gaps[n-1].End.Next {
		return &m.Gaps[n-1].End
	}
	return nil
}

// left returns how many of the letters with the numbers from first up to before next
// were not removed.
func (m manifest) left(first, next uint64) uint64 {
	first = max(1, first, m.Removed.Next)
	if first >= next {
		return 0
	}
	left := next - first
	for _, g := range m.Gaps {
		if from, to := max(first, g.First), min(next, g.End.Next); from < to {
			left -= to - from
		}
	}
	return left
}
