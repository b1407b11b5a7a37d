package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"transfer/g/stat"
)

// gather returns self and the others as of the time now of Redis.
func gather(self stat.Peer, others []stat.Peer, now time.Time) stat.Peers {
	all := stat.Peers{Enabled: true, Relay: self.Relay, Relays: []stat.Peer{self}}
	for _, p := range others {
		if p.Relay != self.Relay {
			p.Alive = now.Sub(p.At) <= aliveFor
			all.Relays = append(all.Relays, p)
		}
	}
	slices.SortFunc(all.Relays, func(a, b stat.Peer) int { return strings.Compare(a.Relay, b.Relay) })
	alive := living(all.Relays)
	all.Alive, all.Differences = len(alive), differences(alive)
	all.Agree = len(all.Differences) == 0
	return all
}

func living(relays []stat.Peer) []stat.Peer {
	return slices.DeleteFunc(slices.Clone(relays), func(p stat.Peer) bool { return !p.Alive })
}

// differences returns in words what is not the same at all relays; an empty list if all is.
func differences(relays []stat.Peer) []string {
	all := []string{}
	versions := make(map[string][]string)
	rings := make(map[string]map[string][]string)
	for _, p := range relays {
		v := "no version"
		if p.Version != 0 {
			v = fmt.Sprintf("version %d (%s)", p.Version, p.ID)
		}
		versions[v] = append(versions[v], p.Relay)
		for backend, fingerprint := range p.Rings {
			if rings[backend] == nil {
				rings[backend] = make(map[string][]string)
			}
			ring := "ring " + fingerprint
			rings[backend][ring] = append(rings[backend][ring], p.Relay)
		}
		if strings.HasPrefix(p.State, stat.FollowingRejected) {
			all = append(all, p.Relay+": "+p.State)
		}
	}
	all = append(all, parted("topology", versions)...)
	for _, backend := range slices.Sorted(maps.Keys(rings)) {
		all = append(all, parted(backend, rings[backend])...)
	}
	return all
}

// parted says who has what of a thing, if not all have the same.
func parted(thing string, relays map[string][]string) []string {
	if len(relays) < 2 {
		return nil
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(relays)) {
		parts = append(parts, fmt.Sprintf("%s at %s", what, strings.Join(relays[what], ", ")))
	}
	return []string{thing + ": " + strings.Join(parts, "; ")}
}
