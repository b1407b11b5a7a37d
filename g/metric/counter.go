package metric

// Part parts the Metric of a Joined point into metric and tags, as splitCounter does.
// It does nothing to any other point.
func (p *Point) Part() {
	if p.Joined {
		p.Metric, p.RawTags = splitCounter(p.Metric)
		p.Joined = false
	}
}

// splitCounter parts a COUNTER into metric and tags: at the first "/" after which
// each comma-separated piece has a key before its "=". Without one it is all
// metric.
//
// The counter is read from its end, so that many slashes don't cost many passes.
func splitCounter(counter string) (name, tags string) {
	slash := -1
	equals := -1 // the first "=" of the piece that begins left of i
pieces:
	for i := len(counter) - 1; i >= 0; i-- {
		switch counter[i] {
		case '=':
			equals = i
		case '/':
			if equals > i+1 {
				slash = i
			}
		case ',':
			if equals <= i+1 {
				break pieces // no slash further left will do
			}
			equals = -1
		}
	}
	if slash < 0 {
		return counter, ""
	}
	return counter[:slash], counter[slash+1:]
}
