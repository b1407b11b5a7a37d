package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpu returns the CPU time that the process has used, user and system, to the
// nanosecond.
func (p *process) cpu() (time.Duration, error) {
	// The kernel makes a clock's id of a process id: its complement, shifted by 3,
	// and 2 for the scheduler's exact count (clock_getcpuclockid of the C library
	// does the same).
	const scheduled = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.PID())<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("cannot read the CPU clock of process %d: %w", p.PID(), err)
	}
	return time.Duration(t.Nano()), nil
}

// peakMemory returns the highest resident set that the process had, in bytes.
func (p *process) peakMemory() (int64, error) {
	kib, err := highWater(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("cannot read the peak memory of process %d: %w", p.PID(), err)
	}
	return kib << 10, nil
}

// highWater reads VmHWM, in KiB, of a status file of /proc.
func highWater(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "VmHWM:" {
			return strconv.ParseInt(string(fields[1]), 10, 64)
		}
	}
	return 0, errors.New("no line VmHWM")
}
