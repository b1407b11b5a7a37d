//go:build !linux

package segment

// Datasync implements File.
func (f osFile) Datasync() error { return f.Sync() }
