package metric

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// findTags is FindTags, byte by byte and by the words of its promise.
func findTags(text string, at int) (slash, end int, ok bool) {
	end = at
	for end < len(text) && text[end] > ' ' && text[end] < 0x80 {
		end++
	}
	slash = strings.IndexByte(text[at:end], '/')
	if slash < 0 {
		return -1, end, true
	}
	slash += at
	for piece := range strings.SplitSeq(text[slash+1:end], ",") {
		if strings.IndexByte(piece, '=') <= 0 {
			return slash, end, false
		}
	}
	return slash, end, true
}

func FuzzFindTags(f *testing.F) {
	for _, seed := range []string{
		"", "cpu.idle", "cpu.idle/core=6,idc=bj7 1795235956", "a/b/c=d", "m/", "m/=x", "m/a=,b=", "m/a=1,,b=2", "m/a,b=1", "=,/=,=",
		"m/mount=/home,x=1/2 ", "m\x00/a=b", "m/a=b\xffc", "metric.with.a.long.name/and=a,long=tag,and=another \n", "a=b/c=d,e=f", strings.Repeat("m", 70) + "/a=1,b=2 ", strings.Repeat("m", 50) + "/a=1,bbb=22222 ",
		"disk.io.util/device=sda,fstype=ext4 1795235956 1.5", "net.if.in/iface=eth0,=x 1795235956 1.5", "m/a,b=1 1795235956",
	} {
		f.Add(seed, 0)
		f.Add("..."+seed, 3)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		if at < 0 || at > len(text) {
			return
		}
		wantSlash, wantEnd, wantOK := findTags(text, at)
		slash, end, ok := FindTags(text, at)
		require.Equal(t, wantEnd, end)
		require.Equal(t, wantSlash, slash)
		require.Equal(t, wantOK, ok)
	})
}
