package sender

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/dead"
	"transfer/sender/queue"
)

// has reports whether the Block of the call holds one of the numbers.
func (c *call) has(bad ...int) bool {
	for i := range c.b.Len() {
		if n, _ := strconv.Atoi(string(c.b.Item(i))); slices.Contains(bad, n) {
			return true
		}
	}
	return false
}

// refuses answers calls with one of the points with err.
func refuses(err error, bad ...int) func(*call) error {
	return func(c *call) error {
		if c.has(bad...) {
			return err
		}
		return nil
	}
}

func without(all []int, bad ...int) []int {
	return slices.DeleteFunc(all, func(n int) bool { return slices.Contains(bad, n) })
}

// letters returns the numbers of the dead letters, and their reasons.
func letters(t *testing.T, s *dead.Store) (numbers []int, reasons []string) {
	t.Helper()
	r, err := s.Letters("peer", segment.Position{})
	require.NoError(t, err)
	defer r.Close()
	for {
		l, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return numbers, reasons
		}
		require.NoError(t, err)
		n, err := strconv.Atoi(string(l.Item))
		require.NoError(t, err)
		require.Equal(t, uint32(n), l.Hash)
		require.Equal(t, "a:1", l.Address)
		numbers, reasons = append(numbers, n), append(reasons, l.Reason)
	}
}

// P12: of a refused Block only the guilty points are given up, the others arrive in
// order.
func TestGuiltyPointsBecomeDeadLetters(t *testing.T) {
	p := &peer{always: refuses(&Refusal{Permanent: true, Err: errors.New("bad point")}, 3, 17, 18, 61)}
	bed := newSpoolBed(t, p)
	store, err := dead.Open(t.TempDir(), dead.Options{})
	require.NoError(t, err)
	bed.dead = store
	s := bed.start(t, nil)
	putBatches(s, 0, 100)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, without(upTo(100), 3, 17, 18, 61), p.points())
	row := bed.target()
	require.Equal(t, map[string]uint64{"dead_letter": 4}, row.Dropped)
	require.EqualValues(t, 96, row.Delivered)
	numbers, reasons := letters(t, store)
	require.Equal(t, []int{3, 17, 18, 61}, numbers)
	require.Equal(t, slices.Repeat([]string{"bad point"}, 4), reasons)
	bed.stop(t, 100)
	require.NoError(t, store.Close())
}

// An address that refuses every point is at fault itself: nothing is given up.
func TestAddressThatRefusesAllIsAtFault(t *testing.T) {
	p := &peer{always: fails(&Refusal{Permanent: true, Err: errors.New("read only")})}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "it says so", func() bool { return bed.target().Error != "" && bed.target().Resent > 40 })
	require.Contains(t, bed.target().Error, "refuses every point")
	require.Contains(t, bed.target().Error, "read only")
	require.Empty(t, bed.target().Dropped)
	p.mu.Lock()
	p.always = nil
	p.mu.Unlock()
	eventually(t, "all arrive", func() bool { return len(p.points()) == 20 })
	// Each is a series of its own: what was refused before the address came round in the
	// midst of a judgement may come behind the part that it took first.
	require.ElementsMatch(t, upTo(20), p.points())
	bed.stop(t, 20)
}

// A temporary refusal is never poison.
func TestTemporaryRefusalKeepsThePoints(t *testing.T) {
	p := &peer{}
	for range 4 {
		p.answers = append(p.answers, fails(&Refusal{Err: errors.New("retry: full")}))
	}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 20 })
	require.Equal(t, upTo(20), p.points())
	require.Empty(t, bed.target().Dropped)
	bed.stop(t, 20)
}

// A single refused point is judged once the next Block is there.
func TestLonelyPointIsJudgedInCompany(t *testing.T) {
	p := &peer{always: refuses(&Refusal{Permanent: true, Err: errors.New("bad point")}, 0)}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	put(s, 0, 1)
	eventually(t, "it is refused", func() bool { return bed.target().Failed > 2 })
	require.Empty(t, bed.target().Dropped)
	put(s, 1, 3)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, []int{1, 2}, p.points())
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	bed.stop(t, 3)
}

// A point that costs the connection each time is found, too.
func TestPointThatKillsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{always: refuses(errors.New("connection reset"), 13)}
		bed := newSpoolBed(t, p)
		s := bed.start(t, nil)
		putBatches(s, 0, 20)
		settleFor(t, bed, time.Minute)
		require.Equal(t, without(upTo(20), 13), p.points())
		require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
		end(t, bed)
	})
}

// A backend that breaks every connection for a while gets all points in the end.
func TestBrokenConnectionsAreNoPoison(t *testing.T) {
	for losses := range 30 {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{}
			for range losses {
				p.answers = append(p.answers, fails(errors.New("connection reset")))
			}
			bed := newSpoolBed(t, p)
			s := bed.start(t, nil)
			putBatches(s, 0, 20)
			settleFor(t, bed, 10*time.Minute)
			if losses < 2*deadlyLosses { // or else a point may be suspect, and comes behind other series
				require.Equal(t, upTo(20), p.points())
			}
			require.ElementsMatch(t, upTo(20), p.points())
			require.Empty(t, bed.target().Dropped)
			end(t, bed)
		})
	}
}

// Where a group has several addresses, one that refuses everything for good hands over
// to the next.
func TestGroupLeavesAnAddressThatRefusesAll(t *testing.T) {
	p := &peer{always: func(c *call) error {
		if c.conn.address == "a:1" {
			return &Refusal{Permanent: true, Err: errors.New("read only")}
		}
		return nil
	}}
	s := start(t, p, "a:1", "b:1")
	put(s, 0, 30)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 30 })
	require.Equal(t, upTo(30), p.points())
	require.Zero(t, stop(t, s, time.Second))
}

// A call that gets no answer in time says nothing of its points, however soon after the
// dial: the address hangs, or the machine is busy.
func TestHungCallsAreNoPoison(t *testing.T) {
	q := queue.New(queue.Limits{Batch: 1, Bytes: 1 << 20, MaxAge: time.Hour}, 1, queue.NewBudget(1<<30), new(queue.Pool))
	src := &queue.Block{Accepted: time.Now()}
	src.Payload = append(src.Payload, "1 1"...)
	src.Close(0)
	q.Lanes()[0].PutAll(src)
	l := newLane(nil, q.Lanes()[0], 0, nil)
	l.conn = struct{ Conn }{}
	l.now = time.Now()
	l.dialled = l.now
	_, wait := l.blocks.Take(l.now, 0)
	require.Zero(t, wait)
	for range deadlyLosses {
		l.suspect(fmt.Errorf("cannot read the reply: %w", os.ErrDeadlineExceeded))
	}
	require.False(t, l.poison.isSuspect(l.blocks.Flight(0)), "it hangs")
	for range deadlyLosses {
		require.False(t, l.poison.isSuspect(l.blocks.Flight(0)))
		l.suspect(errors.New("connection reset"))
	}
	require.True(t, l.poison.isSuspect(l.blocks.Flight(0)), "it breaks")
	q.Close()
}

// Such a point is found as well when it comes alone.
func TestLonelyPointThatKillsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{always: refuses(errors.New("connection reset"), 0)}
		bed := newSpoolBed(t, p)
		s := bed.start(t, nil)
		put(s, 0, 1)
		settleFor(t, bed, 20*time.Second)
		require.Empty(t, bed.target().Dropped)
		put(s, 1, 3)
		settleFor(t, bed, time.Minute)
		require.Equal(t, []int{1, 2}, p.points())
		row := bed.target()
		require.Equal(t, map[string]uint64{"dead_letter": 1}, row.Dropped)
		require.LessOrEqual(t, row.Resent, uint64(20), "it alone is sent again and again")
		end(t, bed)
	})
}

// P4: a point that costs connections, or is refused, is not overtaken by newer ones of its
// series, since it may be the address that is at fault.
func TestSuspectIsNotOvertaken(t *testing.T) {
	for most, err := range map[int]error{
		patientRounds * deadlyLosses: errors.New("connection reset"),
		patientRounds:                &Refusal{Permanent: true, Err: errors.New("read only")},
	} {
		for times := range most {
			t.Run(fmt.Sprintf("%v %d", err, times+1), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := &peer{}
					for range times + 1 {
						p.answers = append(p.answers, fails(err))
					}
					bed := newSpoolBed(t, p)
					s := bed.start(t, nil)
					for n := range 6 {
						putOf(s, 7, n)
						time.Sleep(time.Second)
					}
					settleFor(t, bed, 10*time.Minute)
					require.Equal(t, upTo(6), p.points())
					require.Empty(t, bed.target().Dropped)
					end(t, bed)
				})
			})
		}
	}
}

// Where there is no other series, newer points of its own have to judge it in the end.
func TestPoisonInTheOnlySeries(t *testing.T) {
	for name, err := range map[string]error{"resets": errors.New("connection reset"), "refuses": &Refusal{Permanent: true, Err: errors.New("bad point")}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &peer{always: refuses(err, 2, 4)}
				bed := newSpoolBed(t, p)
				s := bed.start(t, nil)
				for n := range 40 {
					putOf(s, 7, n)
					time.Sleep(5 * time.Second)
				}
				settleFor(t, bed, 10*time.Minute)
				require.Equal(t, without(upTo(40), 2, 4), p.points())
				require.Equal(t, map[string]uint64{"dead_letter": 2}, bed.target().Dropped)
				end(t, bed)
			})
		})
	}
}

// putOf puts one point of the series.
func putOf(s *Sender, series uint32, number int) {
	b := &queue.Block{First: uint64(number + 1), Last: uint64(number + 1), Accepted: time.Now()}
	b.Payload = strconv.AppendInt(nil, int64(number), 10)
	b.Close(series)
	place(s.clusters[0], b)
}

// settleFor waits until nothing is queued, or for the time of a synctest bubble.
func settleFor(t *testing.T, bed *spoolBed, limit time.Duration) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < limit && bed.target().Queued > 0; {
		time.Sleep(10 * time.Millisecond)
	}
}

// end ends the relay of a test in a synctest bubble, which sees whether anything goes on.
func end(t *testing.T, bed *spoolBed) {
	t.Helper()
	ctx, cancel := contextWithin(0)
	defer cancel()
	bed.sender.Stop(ctx)
	require.NoError(t, bed.sender.Close())
	require.True(t, bed.target().Balanced())
}

// An address that goes away in the midst of a judgement holds nothing up where there is
// another one, which judges anew.
func TestJudgementGoesOnAtAnotherAddress(t *testing.T) {
	p := &peer{dialErr: map[string]error{}}
	calls := 0
	p.always = func(c *call) error {
		if c.conn.address != "a:1" {
			return nil
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if calls++; calls <= 2 {
			return &Refusal{Permanent: true, Err: errors.New("bad point")}
		}
		p.dialErr["a:1"] = errors.New("connection refused")
		return errors.New("connection reset")
	}
	s := start(t, p, "a:1", "b:1")
	putBatches(s, 0, 20)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 20 })
	require.Equal(t, upTo(20), p.points())
	require.Zero(t, stop(t, s, time.Second))
}
