package folder

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/segment"
)

// manifestName is the file that makes a folder a target's.
const manifestName = "manifest.json"

// damagedName is where a manifest goes that cannot be understood.
const damagedName = manifestName + ".damaged"

// maxManifest bounds what is read of a manifest, in bytes.
const maxManifest = 64 << 10

// seal begins the last line of a manifest, which holds the CRC-32C of all before it: a
// name with a flipped bit is a name, too.
const seal = `{"crc32c":`

// sealed returns the text, which ends with a newline, with its last line.
func sealed(text []byte) []byte {
	sum := crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(text, "%s%d}\n", seal, sum)
}

// unsealed returns the text without its last line, and whether that fits the rest.
func unsealed(text []byte) (rest []byte, ok bool) {
	at := bytes.LastIndex(text, []byte(seal))
	if at < 0 {
		return nil, false
	}
	return text[:at], bytes.Equal(sealed(bytes.Clone(text[:at])), text)
}

// ErrDamaged says that a manifest cannot be understood.
var ErrDamaged = errors.New("it is damaged")

// ClashError says that the folder of a target belongs to another one.
type ClashError struct{ Dir, Target, Owner string }

// Error implements error.
func (e *ClashError) Error() string {
	return fmt.Sprintf("cannot use %s for the target %q: it belongs to %q; rename one of the two nodes", e.Dir, e.Target, e.Owner)
}

// owned is what all manifests have.
type owned struct {
	Target string `json:"target"` // the id
}

// Read reads the manifest of the target in dir into v, a pointer to a struct whose
// JSON has the target's id as "target". errors.Is: fs.ErrNotExist where there is
// none, ErrDamaged; errors.As: *ClashError where it is another target's.
func Read(disk segment.Disk, dir, target string, v any) error {
	text, owner, err := read(disk, dir)
	if err != nil {
		return err
	}
	if owner != target {
		return &ClashError{Dir: dir, Target: target, Owner: owner}
	}
	if err := jsoniter.Unmarshal(text, v); err != nil {
		return damaged(dir, err)
	}
	return nil
}

// read returns the manifest and whose it is.
func read(disk segment.Disk, dir string) (text []byte, target string, err error) {
	path := filepath.Join(dir, manifestName)
	file, err := disk.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("cannot open %s: %w", path, err)
	}
	text, err = io.ReadAll(io.NewSectionReader(file, 0, maxManifest))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	text, ok := unsealed(text)
	if !ok {
		return nil, "", damaged(dir, errors.New("its checksum is wrong"))
	}
	var o owned
	if err := jsoniter.Unmarshal(text, &o); err != nil {
		return nil, "", damaged(dir, err)
	}
	if o.Target == "" {
		return nil, "", damaged(dir, errors.New("it names no target"))
	}
	return text, o.Target, nil
}

func damaged(dir string, err error) error {
	return fmt.Errorf("cannot understand %s: %w: %w", filepath.Join(dir, manifestName), ErrDamaged, err)
}

// Write makes v the manifest in dir, which exists: after a crash or a power cut there
// is the former one or this one.
func Write(disk segment.Disk, dir string, v any) error {
	path := filepath.Join(dir, manifestName)
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.MarshalIndent(v, "", "    ")
	if err == nil {
		err = replace(disk, path, sealed(append(text, '\n')))
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// replace gives the file a new content as a whole.
func replace(disk segment.Disk, path string, content []byte) error {
	fresh := path + ".new"
	if err := disk.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // left by a crash, and to stay
	}
	file, err := disk.Create(fresh)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(content, 0)
	if err == nil {
		err = file.Datasync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := disk.Rename(fresh, path); err != nil {
		return err
	}
	return disk.SyncDir(filepath.Dir(path))
}

// PutAside renames a manifest that is damaged, for a person to look at. Of two only
// the later is kept.
func PutAside(disk segment.Disk, dir string) error {
	err := disk.Rename(filepath.Join(dir, manifestName), filepath.Join(dir, damagedName))
	if err != nil {
		return fmt.Errorf("cannot put the damaged manifest in %s aside: %w", dir, err)
	}
	return nil
}
