package demo

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"

	"transfer/transfer/client"
)

// figure is one reading of this machine, named as Open-Falcon's agent names it.
type figure struct {
	metric string
	value  float64
	rising bool   // a counter since boot, not the value itself
	tags   string // k=v,k2=v2
}

// machine reads the figures of this machine from /proc and /sys. One goroutine
// uses it.
type machine struct {
	proc  procfs.FS
	block blockdevice.FS
	now   func() time.Time

	cpu  procfs.CPUStat    // as read last; zero before
	busy map[string]uint64 // by device: milliseconds of I/O, as read last
	at   time.Time         // when busy was read
}

func newMachine(now func() time.Time) (*machine, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return nil, fmt.Errorf("cannot read this machine's figures: %w", err)
	}
	block, err := blockdevice.NewDefaultFS()
	if err != nil {
		return nil, fmt.Errorf("cannot read this machine's disks: %w", err)
	}
	return &machine{proc: proc, block: block, now: now}, nil
}

// read returns all figures that can be read here, and what stood in the way of
// the others: a container may lack some of /proc.
func (m *machine) read() ([]figure, error) {
	all := []figure{{metric: "agent.alive", value: 1}}
	var errs []error
	for _, probe := range []struct {
		name string
		read func() ([]figure, error)
	}{
		{"processors", m.readCPU},
		{"memory", m.readMemory},
		{"load", m.readLoad},
		{"filesystems", m.readFilesystems},
		{"disks", m.readDisks},
		{"network", m.readNetwork},
	} {
		figures, err := probe.read()
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read the %s: %w", probe.name, err))
		}
		all = append(all, figures...)
	}
	return all, errors.Join(errs...)
}

// point returns the figure as an agent sends it.
func (f *figure) point(endpoint string, step, timestamp int64) *client.Point {
	kind := "GAUGE"
	if f.rising {
		kind = "COUNTER"
	}
	return &client.Point{
		Endpoint: endpoint, Metric: f.metric, Value: f.value, Step: step, Type: kind, Tags: f.tags, Timestamp: timestamp,
	}
}

// percent returns the part of a whole, 0 of nothing.
func percent(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * part / whole
}
