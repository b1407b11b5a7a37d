// Package remote reaches the Redis that several relays share. It keeps no state: who
// opens a client closes it.
package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"transfer/g"
)

// Open returns a client for the section, which is enabled, without any I/O but for reading
// the files of its certificates. A call is tried once, and takes no longer than the section
// says or its context allows; so does each attempt to connect.
func Open(section *g.Redis) (redis.UniversalClient, error) {
	encrypted, err := encryption(section.TLS)
	if err != nil {
		return nil, err
	}
	redis.SetLogger(silence{}) // its errors come back from the calls, too
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                 section.Addrs,
		MasterName:            section.MasterName,
		DB:                    section.DB,
		Username:              section.Username,
		Password:              section.Password,
		TLSConfig:             encrypted,
		DialTimeout:           section.ConnTimeout,
		DialerRetries:         1,
		ReadTimeout:           section.CallTimeout,
		WriteTimeout:          section.CallTimeout,
		PoolTimeout:           section.CallTimeout,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
		DisableIdentity:       true,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},
	}), nil
}

// silence keeps the client's own words out of the relay's log.
type silence struct{}

// Printf says nothing.
func (silence) Printf(context.Context, string, ...any) {}

// encryption returns how connections are encrypted, nil if they are not.
func encryption(section g.RedisTLS) (*tls.Config, error) {
	if !section.Enabled {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: section.ServerName}
	if section.CAFile != "" {
		pem, err := os.ReadFile(section.CAFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read redis.tls.caFile: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("cannot use redis.tls.caFile: no certificate is in it; name a PEM file")
		}
	}
	if section.CertFile != "" {
		own, err := tls.LoadX509KeyPair(section.CertFile, section.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cannot use redis.tls.certFile and keyFile: %w", err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}
