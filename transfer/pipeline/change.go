package pipeline

// Change makes these backends take the place of those of now, and starts an empty
// cache of their series. It calls between while no batch is under way: every batch
// before went to the old backends, every one after goes to the new ones, each whole.
// Batches that come meanwhile wait for between, and none is refused for it. One call
// at a time.
func (p *Pipeline) Change(backends []Backend, cache Cache, between func()) {
	next := newOutputs(backends, cache)
	p.gate.hold(func() {
		between()
		p.outputs.Store(next)
	})
}
