package topology

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
)

// lastGood is a file with the topology that was in force last.
type lastGood struct {
	Prefix   string              `json:"prefix"` // of the site's keys: another site has another topology
	CRC32C   uint32              `json:"crc32c"` // of the document's bytes
	Document jsoniter.RawMessage `json:"document"`
}

// Save keeps d in the file path.
func Save(path, prefix string, d *Document) error {
	document, err := d.MarshalJSON()
	if err != nil {
		return fmt.Errorf("cannot keep the topology: %w", err)
	}
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(lastGood{prefix, checksum(document), document})
	if err != nil {
		return fmt.Errorf("cannot keep the topology: %w", err)
	}
	if err := g.ReplaceFile(path, append(text, '\n')); err != nil {
		return fmt.Errorf("cannot keep the topology: %w", err)
	}
	return nil
}

// Load returns what Save has kept in the file path; nil, without an error, if nothing is
// there or it is of another site. With an error the file is of no use.
func Load(path, prefix string) (*Document, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read the topology that was kept: %w", err)
	}
	var kept lastGood
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(text, &kept); err != nil {
		return nil, fmt.Errorf("cannot read the topology that was kept: %w", err)
	}
	switch {
	case kept.Prefix != prefix:
		return nil, nil
	case checksum(kept.Document) != kept.CRC32C:
		return nil, fmt.Errorf("cannot use the topology that was kept: %s is damaged", path)
	}
	return Decode(kept.Document)
}

func checksum(text []byte) uint32 { return crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)) }
