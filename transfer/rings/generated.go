package rings

import (
	"fmt"
	"iter"

	"transfer/sender/ring"
)

// generatedHosts is how many endpoints are made up where no relay can be asked for its
// series: with their metrics enough for shares that are right within 0.2 %.
const generatedHosts = 4000

// generated gives the hashes of series as agents send them, always the same ones: names
// that differ in a digit here and there, which is what CRC-32 spreads unevenly.
func generated() iter.Seq2[uint32, uint32] {
	return func(yield func(crc32, murmur3 uint32) bool) {
		counters := generatedCounters()
		for host := range generatedHosts {
			endpoint := fmt.Sprintf("host-%05d.example/", host)
			for _, counter := range counters {
				key := endpoint + counter
				if !yield(ring.CRC32.Sum(key), ring.Murmur3.Sum(key)) {
					return
				}
			}
		}
	}
}

// generatedCounters returns what each endpoint sends: metrics with their tags.
func generatedCounters() []string {
	all := []string{"agent.alive", "cpu.busy", "load.1min", "load.5min", "mem.memfree.percent", "mem.swapused.percent"}
	for core := range 8 {
		all = append(all, fmt.Sprintf("cpu.idle/core=%d", core))
	}
	for _, name := range []string{"net.if.in.bytes", "net.if.out.bytes", "net.if.in.dropped", "net.if.out.dropped"} {
		for port := range 2 {
			all = append(all, fmt.Sprintf("%s/iface=eth%d", name, port))
		}
	}
	for _, name := range []string{"df.bytes.used.percent", "df.inodes.used.percent"} {
		for _, mount := range []string{"/", "/boot", "/data1", "/data2", "/home"} {
			all = append(all, fmt.Sprintf("%s/fstype=ext4,mount=%s", name, mount))
		}
	}
	for _, name := range []string{"disk.io.read_bytes", "disk.io.write_bytes", "disk.io.await", "disk.io.util"} {
		for _, device := range []string{"sda", "sdb", "sdc", "sdd"} {
			all = append(all, fmt.Sprintf("%s/device=%s", name, device))
		}
	}
	return all
}
