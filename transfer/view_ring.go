package main

import (
	"errors"

	"transfer/g/stat"
	"transfer/sender/ring"
	"transfer/transfer/rings"
)

// DiffRing implements http.Relay.
func (v *view) DiffRing(plan stat.RingPlan) (stat.RingDiff, error) {
	for _, c := range v.service.sender.Clusters() {
		if c.Name() != plan.Backend || c.Ring() == nil {
			continue
		}
		hash, err := ring.ParseHash(plan.Hash)
		if err != nil {
			return stat.RingDiff{}, err
		}
		planned, err := ring.New(plan.Nodes, plan.Replicas, hash)
		if err != nil {
			return stat.RingDiff{}, err
		}
		series, known := v.service.pipeline.Remembered(c, hash == ring.Murmur3)
		if !known {
			return stat.RingDiff{}, errors.New("the configuration has changed at this moment: ask again")
		}
		return rings.Compare(plan.Backend, c.Ring(), planned, series), nil
	}
	return stat.RingDiff{}, stat.ErrNoRing
}
