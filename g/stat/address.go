package stat

import "time"

// Address is what is shown of one address of a target. A ring's target has one; a group
// has several, among which its lanes choose.
type Address struct {
	Address     string    `json:"address"`
	State       string    `json:"state"` // see the Address constants
	Since       time.Time `json:"since"` // when it came into this state
	Error       string    `json:"lastError,omitempty"`
	Failures    int       `json:"failures"`    // calls and probes that failed in a row
	Lanes       int       `json:"lanes"`       // that use it now
	FlightBytes int64     `json:"flightBytes"` // of the calls under way
}

// The states of an Address.
const (
	AddressUp      = "up"      // the last call or probe went well
	AddressProbing = "probing" // not known yet, or some calls failed
	AddressDown    = "down"    // ejectAfter calls or probes in a row failed
)
