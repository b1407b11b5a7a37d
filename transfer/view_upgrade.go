package main

import (
	"errors"
	"os"

	"transfer/g/stat"
)

// Upgrade implements http.Relay.
func (v *view) Upgrade() stat.Upgrade {
	if v.service.upgrade == nil {
		return stat.Upgrade{Process: os.Getpid()}
	}
	return v.service.upgrade.State()
}

// StartUpgrade implements http.Relay.
func (v *view) StartUpgrade() (stat.Upgrade, error) {
	if v.service.upgrade == nil {
		return stat.Upgrade{}, errors.New("this relay is a part of another program")
	}
	return v.service.upgrade.Start()
}
