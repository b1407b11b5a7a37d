package g

// Name is the program's name.
const Name = "transfer"

const version = "0.1.0"

//nolint:gochecknoglobals // the linker sets it (-X transfer/g.commit=...), which takes a variable
var commit = "unknown"

// Version returns the version, MAJOR.MINOR.PATCH.
func Version() string { return version }

// Commit returns the commit that the binary was built from, "unknown" when the
// build did not say.
func Commit() string { return commit }

// VersionLine returns what -v and -vg print, in the original's form.
func VersionLine() string {
	return "Open-Falcon " + Name + " version " + version + ", build " + commit
}
