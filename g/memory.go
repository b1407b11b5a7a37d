package g

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// guessedMemory stands for the machine's memory where none can be found out.
const guessedMemory = 2 * GiB

// machineMemory returns the memory that the process may use at most: the lowest
// limit of its control group and of those around it (cgroup v2 and v1), or the
// machine's memory where that is less. root is the machine's file system.
func machineMemory(root fs.FS) Bytes {
	limit := totalMemory(root)
	groups, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		// ID:CONTROLLERS:PATH, where v2 has no controllers (man 7 cgroups).
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch controllers {
		case "":
			limit = min(limit, groupLimit(root, "sys/fs/cgroup", group, "memory.max"))
		case "memory":
			limit = min(limit, groupLimit(root, "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
		}
	}
	return limit
}

// totalMemory returns MemTotal of /proc/meminfo.
func totalMemory(root fs.FS) Bytes {
	info, _ := fs.ReadFile(root, "proc/meminfo")
	lines := bufio.NewScanner(bytes.NewReader(info))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "MemTotal:" {
			continue
		}
		if n, err := strconv.ParseInt(words[1], 10, 53); err == nil && n > 0 {
			return Bytes(n) * KiB
		}
	}
	return guessedMemory
}

// groupLimit returns the lowest limit of group and the groups around it. In a
// container the group's path may be the host's and not exist; the walk ends at
// the mount itself, which then is the container's own group.
func groupLimit(root fs.FS, mount, group, file string) Bytes {
	limit := Bytes(1<<63 - 1)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		text, err := fs.ReadFile(root, path.Join(mount, group, file))
		if err == nil { // "max" of v2 is no number: no limit
			n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
			if err == nil && n > 0 {
				limit = min(limit, Bytes(n))
			}
		}
		if group == "/" {
			return limit
		}
	}
}
