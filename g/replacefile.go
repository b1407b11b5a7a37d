package g

import (
	"errors"
	"os"
	"path/filepath"
)

// ReplaceFile gives the file path new contents, on disk when it returns, or leaves it as it
// is: no reader ever finds a part of them. Only its owner may read it.
func ReplaceFile(path string, contents []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
