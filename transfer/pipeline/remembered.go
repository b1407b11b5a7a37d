package pipeline

import "iter"

// Remembered gives the CRC-32 and the MurmurHash3 of every series that the backend takes
// and that is remembered at present: the latest ones, within the bounds of the Cache.
// The second is made only if murmur3 is set, or else may be 0. It returns false if the
// backend is none of the pipeline's.
func (p *Pipeline) Remembered(b Backend, murmur3 bool) (hashes iter.Seq2[uint32, uint32], known bool) {
	o := p.outputs.Load()
	for i := range o.backends {
		if o.backends[i].Backend == b {
			return o.series.Hashes(i, murmur3), true
		}
	}
	return nil, false
}
