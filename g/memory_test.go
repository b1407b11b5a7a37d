package g

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestMachineMemory(t *testing.T) {
	const total = "MemFree: 1 kB\nMemTotal:        8388608 kB\n"
	cases := []struct {
		name  string
		files map[string]string
		want  Bytes
	}{
		{"nothing to read", nil, guessedMemory},
		{"nonsense", map[string]string{"proc/meminfo": "MemTotal: lots kB\nMemTotal:\n", "proc/self/cgroup": "x\n:::::\n0::../../..\n"}, guessedMemory},
		{"machine", map[string]string{"proc/meminfo": total}, 8 * GiB},
		{"v2, own group", map[string]string{
			"proc/meminfo": total, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "1073741824\n", "sys/fs/cgroup/a/memory.max": "max\n"}, GiB},
		{"v2, group around it", map[string]string{
			"proc/meminfo": total, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "2147483648\n"}, 2 * GiB},
		{"v2, container that sees the host's path", map[string]string{
			"proc/meminfo": total, "proc/self/cgroup": "0::/docker/0123\n",
			"sys/fs/cgroup/memory.max": "536870912\n"}, 512 * MiB},
		{"v1", map[string]string{
			"proc/meminfo": total, "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n"}, GiB},
		{"v1 without a limit", map[string]string{
			"proc/meminfo": total, "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 8 * GiB},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			require.Equal(t, c.want, machineMemory(root))
		})
	}
}
