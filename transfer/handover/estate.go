package handover

import (
	"fmt"

	jsoniter "github.com/json-iterator/go"
)

// version is that of the lines; another one is refused.
const version = 1

// Estate is what a process says of what it hands over.
type Estate struct {
	Version   int      `json:"version"`   // of the lines between the two processes; Start sets it
	Process   int      `json:"process"`   // the id of the old one; Start sets it
	DataDir   string   `json:"dataDir"`   // an absolute path
	Memory    bool     `json:"memory"`    // it is configured to keep no journal there
	Journal   bool     `json:"journal"`   // it has a journal open there
	Listeners []string `json:"listeners"` // what each was bound by, such as ":8433", in the order of the descriptors
}

// maxListeners bounds the listeners of an Estate.
const maxListeners = 1024

// encode returns the line of the Estate, without its end.
func (e Estate) encode() (string, error) {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.MarshalToString(e)
	if err != nil {
		return "", fmt.Errorf("cannot write down what is handed over: %w", err)
	}
	return text, nil
}

// decodeEstate reads the line of an Estate.
func decodeEstate(line string) (Estate, error) {
	var e Estate
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.UnmarshalFromString(line, &e); err != nil {
		return Estate{}, fmt.Errorf("cannot understand what is handed over: %w", err)
	}
	if e.Version != version {
		return Estate{}, fmt.Errorf("cannot take over from a relay of another kind (%d, here %d): stop it and start this one", e.Version, version)
	}
	if len(e.Listeners) > maxListeners {
		return Estate{}, fmt.Errorf("cannot take over %d listeners: at most %d", len(e.Listeners), maxListeners)
	}
	return e, nil
}
