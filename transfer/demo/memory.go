package demo

// readMemory reads memory and swap, in bytes. What can be had back at once, such
// as the page cache, is free.
func (m *machine) readMemory() ([]figure, error) {
	info, err := m.proc.Meminfo()
	if err != nil {
		return nil, err
	}
	number := func(n *uint64) float64 { // nil: this kernel does not say
		if n == nil {
			return 0
		}
		return float64(*n)
	}
	total, free := number(info.MemTotalBytes), number(info.MemAvailableBytes)
	swapTotal, swapFree := number(info.SwapTotalBytes), number(info.SwapFreeBytes)
	return []figure{
		{metric: "mem.memtotal", value: total},
		{metric: "mem.memfree", value: free},
		{metric: "mem.memused", value: total - free},
		{metric: "mem.memfree.percent", value: percent(free, total)},
		{metric: "mem.memused.percent", value: percent(total-free, total)},
		{metric: "mem.swaptotal", value: swapTotal},
		{metric: "mem.swapfree", value: swapFree},
		{metric: "mem.swapused", value: swapTotal - swapFree},
		{metric: "mem.swapused.percent", value: percent(swapTotal-swapFree, swapTotal)},
	}, nil
}

// readLoad reads the load averages.
func (m *machine) readLoad() ([]figure, error) {
	load, err := m.proc.LoadAvg()
	if err != nil {
		return nil, err
	}
	return []figure{
		{metric: "load.1min", value: load.Load1},
		{metric: "load.5min", value: load.Load5},
		{metric: "load.15min", value: load.Load15},
	}, nil
}
