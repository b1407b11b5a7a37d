package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"transfer/g"
)

// upgradeCommand makes a relay that runs give way to the program that lies where it was
// started from.
func upgradeCommand() *cobra.Command {
	var config, relay, pids string
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Let a new program take over from the relay that runs",
		Long: `Let the program that lies at the path from which the relay was started take over from
it, with the configuration of now: no connection is refused and no point is lost. If
the new one cannot run, the old one goes on. Exit code 1 says so.

The relay is found by the admin server of the configuration, or by --relay or
--pid-file. By the pid file alone it is not known why an upgrade fails: the relay's
log says so.`,
		Args: noArgs, SilenceErrors: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			running, err := findRunning(config, relay, pidFile(pids))
			if err != nil {
				return &cannotRun{err}
			}
			was, is, err := upgradeRunning(cmd.Context(), running)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "upgraded: process %d has taken over from %d\n", is, was)
			return nil
		},
	}
	cmd.Flags().StringVarP(&config, "config", "c", "cfg.json", "configuration `file` that names the admin server")
	cmd.Flags().StringVar(&relay, "relay", "", "`URL` of the relay's admin server, such as http://127.0.0.1:6060")
	cmd.Flags().StringVar(&pids, "pid-file", "", "`file` with the relay's process id, where it has no admin server")
	return cmd
}

// running is a relay that is to be upgraded.
type running interface {
	// begin asks for an upgrade and returns the process that is to give way.
	begin(ctx context.Context) (process int, err error)
	// look returns the process that runs the relay now, and why the upgrade failed if it
	// has.
	look(ctx context.Context) (process int, failed, err error)
}

// findRunning returns the relay that the flags name.
func findRunning(config, relay string, pids pidFile) (running, error) {
	switch {
	case relay != "":
		return newRunningAdmin(relay), nil
	case pids != "":
		return runningPid{pids}, nil
	}
	cfg, err := g.Load(config)
	if err != nil {
		return nil, fmt.Errorf("cannot find the relay: %w", err)
	}
	url := cfg.AdminURL()
	if url == "" {
		return nil, errors.New("cannot find the relay: the configuration names no admin server; give --relay or --pid-file")
	}
	return newRunningAdmin(url), nil
}

// upgradedWithin is how long an upgrade may take in all, with the way back.
const upgradedWithin = validatedWithin + drainWithin + acceptingWithin + backWithin

// upgradeRunning upgrades the relay and waits for what comes of it. The relay's answers
// may fail to come while one process follows the other.
func upgradeRunning(ctx context.Context, r running) (was, is int, err error) {
	ctx, cancel := context.WithTimeout(ctx, upgradedWithin)
	defer cancel()
	if was, err = r.begin(ctx); err != nil {
		return 0, 0, fmt.Errorf("cannot ask for the upgrade: %w", err)
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		is, failed, err := r.look(ctx)
		switch {
		case err == nil && failed != nil:
			return 0, 0, fmt.Errorf("the upgrade failed, process %d goes on: %w", was, failed)
		case err == nil && is != was:
			return was, is, nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return 0, 0, errors.Join(errors.New("cannot tell what came of the upgrade: see the relay's log"), err)
		}
	}
}
