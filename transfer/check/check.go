// Package check shows what a configuration comes to before a relay runs with it:
// the values in force, each ring's share per node, and known traps.
package check

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"transfer/g"
	"transfer/g/stat"
)

// Run writes the report on cfg to w: the effective configuration without
// secrets, the share of each node of rings, which are those of cfg's backends,
// and the findings of Lint. A finding is no error; the error is w's.
func Run(w io.Writer, cfg *g.Config, rings []stat.Ring) error {
	// The list of each node's addresses would say the cluster a second time.
	text, err := cfg.Effective().Without("clusterList").Indent()
	if err != nil {
		return fmt.Errorf("cannot show the configuration %s: %w", cfg.Path, err)
	}
	out := new(strings.Builder)
	fmt.Fprintf(out, "%s is valid. In force, defaults filled in and secrets hidden:\n\n%s\n", cfg.Path, text)
	for i := range rings {
		writeRing(out, &rings[i])
	}
	writeFindings(out, Lint(cfg, rings, ownHosts()))
	if _, err = io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("cannot write the report on %s: %w", cfg.Path, err)
	}
	return nil
}

// maxFindings bounds the findings that are written out.
const maxFindings = 100

// writeFindings writes a paragraph for each finding.
func writeFindings(out *strings.Builder, findings []g.Finding) {
	if len(findings) == 0 {
		fmt.Fprintf(out, "\nNo known trap found.\n")
		return
	}
	fmt.Fprintf(out, "\nThings to know (%d):\n", len(findings))
	for i, f := range findings {
		if i == maxFindings {
			fmt.Fprintf(out, "\n  and %d more\n", len(findings)-i)
			return
		}
		fmt.Fprintf(out, "\n  %s\n", g.Finding{Key: f.Key, Text: f.Text})
		if f.Remedy != "" {
			fmt.Fprintf(out, "      -> %s\n", f.Remedy)
		}
	}
}

// ownHosts returns this machine's name and addresses, as far as they can be found
// out.
func ownHosts() []string {
	var hosts []string
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return hosts
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			hosts = append(hosts, n.IP.String())
		}
	}
	return hosts
}
