package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"transfer/g/segment"
)

// deepest is how many folders below a store's a target's may lie: backend, node,
// address.
const deepest = 3

// Target is a folder with a manifest.
type Target struct {
	ID   string
	Path string // relative to the store's folder
}

// Walk returns the targets that have a folder in the store's, sorted by path, and
// what else lies there: files, and folders without a manifest that can be understood
// or under another target's name. Nothing of that is touched.
func Walk(disk segment.Disk, root string) (targets []Target, unknown []string, err error) {
	w := walk{disk: disk, root: root}
	if err := w.enter("", 0); err != nil {
		return nil, nil, fmt.Errorf("cannot list %s: %w", root, err)
	}
	return w.targets, w.unknown, nil
}

type walk struct {
	disk    segment.Disk
	root    string
	targets []Target
	unknown []string
}

// enter looks at the folder, which lies so many below the root, and at those in it.
func (w *walk) enter(path string, depth int) error {
	dir := filepath.Join(w.root, path)
	if depth > 0 {
		_, target, err := read(w.disk, dir)
		switch {
		case err == nil && Path(target) == path:
			w.targets = append(w.targets, Target{ID: target, Path: path})
			return nil
		case err == nil || errors.Is(err, ErrDamaged):
			w.unknown = append(w.unknown, path)
			return nil
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if depth == deepest {
		w.unknown = append(w.unknown, path)
		return nil
	}
	files, err := w.disk.List(dir)
	if err != nil {
		return err
	}
	isFile := func(f fs.FileInfo) bool { return !f.IsDir() }
	if depth > 0 && slices.ContainsFunc(files, isFile) {
		w.unknown = append(w.unknown, path) // not each of what may be many
		return nil
	}
	for _, file := range files {
		below := filepath.Join(path, file.Name())
		if isFile(file) {
			w.unknown = append(w.unknown, below)
		} else if err := w.enter(below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Numbered returns which of the folders 0, 1, 2... there are in dir, in order. None
// where dir does not exist.
func Numbered(disk segment.Disk, dir string) ([]int, error) {
	files, err := disk.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", dir, err)
	}
	var numbers []int
	for _, file := range files {
		n, err := strconv.Atoi(file.Name())
		if err == nil && file.IsDir() && n >= 0 && strconv.Itoa(n) == file.Name() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
