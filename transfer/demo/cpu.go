package demo

import "github.com/prometheus/procfs"

// readCPU reads how the processors spent their time since the last reading, in
// per cent of all; the first reading gives only what rises.
func (m *machine) readCPU() ([]figure, error) {
	stat, err := m.proc.Stat()
	if err != nil {
		return nil, err
	}
	last, now := m.cpu, stat.CPUTotal
	m.cpu = now
	figures := []figure{{metric: "cpu.switches", value: float64(stat.ContextSwitches), rising: true}}
	total := cpuTime(&now) - cpuTime(&last)
	if cpuTime(&last) == 0 || total <= 0 {
		return figures, nil
	}
	// A counter of the kernel may step back a little; a share must not.
	share := func(now, last float64) float64 { return percent(max(now-last, 0), total) }
	idle := min(share(now.Idle, last.Idle), 100)
	return append(figures,
		figure{metric: "cpu.idle", value: idle},
		figure{metric: "cpu.busy", value: 100 - idle},
		figure{metric: "cpu.user", value: share(now.User, last.User)},
		figure{metric: "cpu.nice", value: share(now.Nice, last.Nice)},
		figure{metric: "cpu.system", value: share(now.System, last.System)},
		figure{metric: "cpu.iowait", value: share(now.Iowait, last.Iowait)},
		figure{metric: "cpu.irq", value: share(now.IRQ, last.IRQ)},
		figure{metric: "cpu.softirq", value: share(now.SoftIRQ, last.SoftIRQ)},
		figure{metric: "cpu.steal", value: share(now.Steal, last.Steal)},
		figure{metric: "cpu.guest", value: share(now.Guest, last.Guest)},
	), nil
}

// cpuTime returns all seconds of a reading. Time of guests is in user and nice.
func cpuTime(c *procfs.CPUStat) float64 {
	return c.User + c.Nice + c.System + c.Idle + c.Iowait + c.IRQ + c.SoftIRQ + c.Steal
}
