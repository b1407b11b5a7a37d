package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// series is one series of the load, and what its values look like.
type series struct {
	endpoint, metric, tags string
	kind                   string // GAUGE or COUNTER: every backend takes both
	shape                  shape
}

// shape is what the values of a series look like on the wire.
type shape int

const (
	zero    shape = iota // most error counters
	small                // an integer of 1 to 4 digits
	bytes10              // an integer of 9 to 12 digits, as counters of bytes
	share                // 0 to 100 with 2 to 6 decimals
)

// agentSeries is how many series an agent has; it sends them in one request.
const agentSeries = 200

// loadStep is the step of every series, in seconds.
const loadStep = 60

// family is a run of metrics that an agent sends once for each of its devices.
type family struct {
	prefix string
	tags   []string // of each device; one empty string: no devices
	kind   string
	shape  shape
	names  []string
}

// families are what an agent on a usual Linux host sends, in its order: the names
// are those of Open-Falcon's agent.
func families() []family {
	none := []string{""}
	mounts := []string{"mount=/,fstype=ext4", "mount=/boot,fstype=ext4", "mount=/var/lib/data,fstype=xfs"}
	cards := []string{"iface=eth0", "iface=eth1"}
	disks := []string{"device=sda", "device=sdb", "device=nvme0n1"}
	ports := []string{"port=22", "port=80", "port=443", "port=8433", "port=6060"}
	programs := []string{"name=nginx", "name=sshd", "name=crond", "name=rsyslogd", "name=falcon-agent", "name=redis-server", "name=mysqld"}
	return []family{
		{"agent.", none, "GAUGE", small, []string{"alive"}},
		{"cpu.", none, "GAUGE", share, []string{"idle", "busy", "user", "nice", "system", "iowait"}},
		{"cpu.", none, "GAUGE", zero, []string{"irq", "softirq", "steal", "guest"}},
		{"cpu.", none, "COUNTER", bytes10, []string{"switches"}},
		{"load.", none, "GAUGE", share, []string{"1min", "5min", "15min"}},
		{"mem.", none, "GAUGE", bytes10, []string{"memtotal", "memused", "memfree"}},
		{"mem.", none, "GAUGE", zero, []string{"swaptotal", "swapused", "swapfree"}},
		{"mem.", none, "GAUGE", share, []string{"memfree.percent", "memused.percent"}},
		{"kernel.", none, "GAUGE", small, []string{"maxfiles", "maxproc", "files.allocated", "files.left"}},
		{"df.bytes.", mounts, "GAUGE", bytes10, []string{"total", "used", "free"}},
		{"df.bytes.", mounts, "GAUGE", share, []string{"used.percent", "free.percent"}},
		{"df.inodes.", mounts, "GAUGE", small, []string{"total", "used", "free"}},
		{"df.inodes.", mounts, "GAUGE", share, []string{"used.percent", "free.percent"}},
		{"net.if.", cards, "COUNTER", bytes10, []string{
			"in.bytes", "in.packets", "out.bytes", "out.packets", "total.bytes", "total.packets", "in.bits", "out.bits", "total.bits",
		}},
		{"net.if.", cards, "COUNTER", zero, []string{
			"in.errors", "in.dropped", "in.fifo.errs", "in.frame.errs", "in.compressed", "in.multicast",
			"out.errors", "out.dropped", "out.fifo.errs", "out.collisions", "out.carrier.errs", "out.compressed",
		}},
		{"disk.io.", disks, "COUNTER", small, []string{
			"read_requests", "read_merged", "read_sectors", "msec_read", "write_requests", "write_merged",
			"write_sectors", "msec_write", "ios_in_progress", "msec_total", "msec_weighted_total",
		}},
		{"disk.io.", disks, "GAUGE", share, []string{"avgrq_sz", "avgqu-sz", "await", "svctm", "util"}},
		{"TcpExt.", none, "COUNTER", small, []string{
			"TW", "TCPTimeouts", "TCPFastRetrans", "TCPLossFailures", "TCPTSReorder", "TCPDSACKUndo", "DelayedACKLocked",
		}},
		{"TcpExt.", none, "COUNTER", zero, []string{"ListenOverflows", "ListenDrops", "PruneCalled", "ArpFilter", "TCPBacklogDrop"}},
		{"snmp.Udp.", none, "COUNTER", small, []string{"InDatagrams", "OutDatagrams", "NoPorts"}},
		{"snmp.Udp.", none, "COUNTER", zero, []string{"InErrors", "RcvbufErrors", "SndbufErrors", "InCsumErrors"}},
		{"ss.", none, "GAUGE", small, []string{"estab", "closed", "orphaned", "timewait", "slabinfo.timewait"}},
		{"net.port.", ports, "GAUGE", small, []string{"listen"}},
		{"proc.", programs, "GAUGE", small, []string{"num"}},
	}
}

// fleet is the hosts whose agents send the load.
type fleet struct {
	slots []series // of each agent, without endpoint
}

func newFleet() *fleet {
	f := new(fleet)
	for _, family := range families() {
		for _, tags := range family.tags {
			for _, name := range family.names {
				f.slots = append(f.slots, series{metric: family.prefix + name, tags: tags, kind: family.kind, shape: family.shape})
			}
		}
	}
	for n := 0; len(f.slots) < agentSeries; n++ {
		f.slots = append(f.slots, series{metric: "cpu.core.busy", tags: fmt.Sprintf("core=%d", n), kind: "GAUGE", shape: share})
	}
	f.slots = slices.Clip(f.slots[:agentSeries])
	return f
}

// series returns series i: an agent's are next to each other, in its order.
func (f *fleet) series(i int) series {
	s := f.slots[i%agentSeries]
	s.endpoint = fmt.Sprintf("host-%05d.example.com", i/agentSeries)
	return s
}

// appendValue appends a value as the agent writes it.
func (s shape) appendValue(dst []byte, random *rand.Rand) []byte {
	switch s {
	case small:
		return strconv.AppendInt(dst, 1+random.Int64N(9999), 10)
	case bytes10:
		return strconv.AppendInt(dst, 100_000_000+random.Int64N(900_000_000_000), 10)
	case share:
		return strconv.AppendFloat(dst, random.Float64()*100, 'f', 2+random.IntN(5), 64)
	}
	return append(dst, '0')
}
