package demo

// readNetwork reads what each interface has moved, the loopback too: the
// demonstration's own points go there.
func (m *machine) readNetwork() ([]figure, error) {
	interfaces, err := m.proc.NetDev()
	if err != nil {
		return nil, err
	}
	var figures []figure
	for name, line := range interfaces {
		tags := "iface=" + name
		for _, c := range []struct {
			metric string
			count  uint64
		}{
			{"net.if.in.bytes", line.RxBytes},
			{"net.if.in.packets", line.RxPackets},
			{"net.if.in.errors", line.RxErrors},
			{"net.if.in.dropped", line.RxDropped},
			{"net.if.out.bytes", line.TxBytes},
			{"net.if.out.packets", line.TxPackets},
			{"net.if.out.errors", line.TxErrors},
			{"net.if.out.dropped", line.TxDropped},
			{"net.if.total.bytes", line.RxBytes + line.TxBytes},
		} {
			figures = append(figures, figure{metric: c.metric, value: float64(c.count), rising: true, tags: tags})
		}
	}
	return figures, nil
}
