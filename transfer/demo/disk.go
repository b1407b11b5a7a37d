package demo

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// readFilesystems reads the space of each filesystem on a disk, and of the root
// whatever it lies on. One that is mounted twice counts once.
func (m *machine) readFilesystems() ([]figure, error) {
	mounts, err := m.proc.GetMounts()
	if err != nil {
		return nil, err
	}
	var figures []figure
	seen := make(map[string]bool) // by device number
	for _, mount := range mounts {
		onDisk := strings.HasPrefix(mount.Source, "/") || mount.MountPoint == "/"
		if !onDisk || seen[mount.MajorMinorVer] || !isFolder(mount.MountPoint) {
			continue
		}
		var s unix.Statfs_t
		if err := unix.Statfs(mount.MountPoint, &s); err != nil || s.Blocks == 0 {
			continue // gone since, or nothing with a size
		}
		seen[mount.MajorMinorVer] = true
		block := float64(s.Bsize)
		total, free := float64(s.Blocks)*block, float64(s.Bavail)*block
		used := float64(s.Blocks-s.Bfree) * block
		tags := "fstype=" + mount.FSType + ",mount=" + mount.MountPoint
		figures = append(figures,
			figure{metric: "df.bytes.total", value: total, tags: tags},
			figure{metric: "df.bytes.used", value: used, tags: tags},
			figure{metric: "df.bytes.free", value: free, tags: tags},
			figure{metric: "df.bytes.used.percent", value: percent(used, used+free), tags: tags},
			figure{metric: "df.inodes.free.percent", value: percent(float64(s.Ffree), float64(s.Files)), tags: tags},
		)
	}
	return figures, nil
}

// isFolder tells mounts of folders from those of single files, which containers
// have.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readDisks reads the work of each disk that has done any.
func (m *machine) readDisks() ([]figure, error) {
	stats, err := m.block.ProcDiskstats()
	if err != nil {
		return nil, err
	}
	whole, err := m.block.SysBlockDevices() // not the partitions
	if err != nil {
		return nil, err
	}
	isDisk := make(map[string]bool, len(whole))
	for _, name := range whole {
		isDisk[name] = true
	}
	now := m.now()
	passed := float64(now.Sub(m.at).Milliseconds())
	busy := make(map[string]uint64)
	var figures []figure
	for i := range stats {
		s := &stats[i]
		if !isDisk[s.DeviceName] || s.ReadIOs+s.WriteIOs == 0 {
			continue
		}
		tags := "device=" + s.DeviceName
		figures = append(figures,
			figure{metric: "disk.io.read_requests", value: float64(s.ReadIOs), rising: true, tags: tags},
			figure{metric: "disk.io.read_sectors", value: float64(s.ReadSectors), rising: true, tags: tags},
			figure{metric: "disk.io.write_requests", value: float64(s.WriteIOs), rising: true, tags: tags},
			figure{metric: "disk.io.write_sectors", value: float64(s.WriteSectors), rising: true, tags: tags},
		)
		if last, known := m.busy[s.DeviceName]; known && s.IOsTotalTicks >= last {
			util := min(percent(float64(s.IOsTotalTicks-last), passed), 100)
			figures = append(figures, figure{metric: "disk.io.util", value: util, tags: tags})
		}
		busy[s.DeviceName] = s.IOsTotalTicks
	}
	m.busy, m.at = busy, now
	return figures, nil
}
