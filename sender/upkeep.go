package sender

import (
	"time"

	"golang.org/x/sys/unix"
)

// upkeepInterval is how often upkeep looks at everything.
const upkeepInterval = time.Second

// upkeep does until stop is closed what must be done from time to time, whatever comes
// and goes: it checks the ledgers, makes the spoolers look at ages, and guards the
// disk's reserve.
func (s *Sender) upkeep(stop <-chan struct{}) {
	ticker := time.NewTicker(upkeepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		for _, t := range s.targets() {
			t.check()
		}
		s.guardReserve()
		s.endHandoffs(s.shared.now())
		if s.shared.storage.Spools == nil {
			s.retire()
		}
	}
}

// check makes the target's ledger agree with what Redis has, holds it against what is queued
// (promise P1), and makes the spooler look if it may have something to do.
func (t *target) check() {
	if t.spooler != nil {
		t.spooler.streams.reconcile()
	}
	account := t.queue.Account()
	t.recovery.measure(account.Accepted, t.lanes[0].shared.now())
	if !account.Balanced() && t.mismatches.Add(1) == 1 {
		t.health.log.Error("the ledger does not balance: points are lost or counted twice, please report this",
			"ledger", account.Ledger)
	}
	if t.spooler != nil && (account.Bytes > 0 || account.InRedis > 0 || t.spooler.bytes() > 0 || t.spooler.Trouble() != nil) {
		t.queue.Look()
	}
}

// guardReserve makes the target with the largest spool give up what the disk lacks of
// its reserve.
func (s *Sender) guardReserve() {
	lacks := s.shared.lacks()
	if lacks <= 0 {
		return
	}
	var largest *target
	var most int64
	for _, t := range s.targets() {
		if t.spooler == nil {
			continue
		}
		if bytes := t.spooler.bytes(); bytes > most {
			largest, most = t, bytes
		}
	}
	if largest != nil {
		largest.health.log.Warn("the disk is nearly full, the largest spool gives way", "lacks", lacks)
		largest.spooler.surplus.Store(lacks)
		largest.queue.Look()
	}
}

const (
	mostReserve  = 1 << 30 // bytes of the disk that spools leave free
	reserveShare = 20      // but no more than this part of it
)

// lacksOf returns a func that says how many bytes the file system of dir lacks of its
// reserve.
func lacksOf(dir string) func() int64 {
	return func() int64 {
		var disk unix.Statfs_t
		if unix.Statfs(dir, &disk) != nil {
			return 0 // the spoolers will say what is wrong with it
		}
		block := int64(disk.Bsize)
		reserve := min(mostReserve, int64(disk.Blocks)*block/reserveShare)
		return reserve - int64(disk.Bavail)*block
	}
}
