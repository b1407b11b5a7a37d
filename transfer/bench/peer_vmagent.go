package bench

import "path/filepath"

// vmagent is VictoriaMetrics' agent: OpenTSDB's lines in, Prometheus remote write
// out.
type vmagent struct{ program string }

// launch starts vmagent with its defaults but for addresses and folders.
func (v vmagent) launch(dir string, row Row, s *site) (*process, string, error) {
	if err := takes(row, "opentsdb"); err != nil {
		return nil, "", err
	}
	binary, err := installed(v.program, "victoria-metrics")
	if err != nil {
		return nil, "", err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	return launchPeer(dir, address, binary,
		"-opentsdbListenAddr="+address,
		"-remoteWrite.url=http://"+s.addresses("prometheus")[0]+"/api/v1/write",
		"-remoteWrite.tmpDataPath="+filepath.Join(dir, "data"),
		"-httpListenAddr=", // neither pages nor metrics are asked for
	)
}
