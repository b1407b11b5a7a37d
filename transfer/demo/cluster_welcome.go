package demo

import (
	"fmt"
	"io"
	"strings"
)

// clusterText takes the number of relays, Redis, the load, the pages of the relays, the
// folder, the admin server of the first relay and the stand-ins' API.
const clusterText = `
%[1]d relays run here and share the Redis at %[2]s. Behind them stand 2 judges and 3 nodes of
graph; %[3]d points/s come from a load generator that plays a balancer.

  watch them          open %[4]s
  go to their files   cd %[5]s

and there:

  who is there        curl http://%[6]s/api/peers
  share the rings     ./transfer topology set cfg.json --wait
  see what is shared  ./transfer topology get
  what would move     ./transfer topology diff wider.json
  add a graph         ./transfer topology set wider.json --wait
  all changes         ./transfer topology history
  go back             ./transfer topology rollback --wait
  break a graph       curl -X POST 'http://%[7]s/fault?sink=graph-01&fault=refuse'
  see what waits      ./transfer spool list -c relay-2.json
  kill a relay        kill -9 $(cat relay-2.pid)
  who takes over      grep adopted relay-?.log
  mend the graph      curl -X POST 'http://%[7]s/fault?sink=graph-01&fault=ok'
  start it again      ./transfer -c relay-2.json --pid-file relay-2.pid

What waits for a broken graph lies in Redis. Kill a relay meanwhile: when the graph is back,
another relay delivers what it had there. Ctrl-C stops everything.

`

func printClusterWelcome(out io.Writer, c *cluster, rate int) {
	var pages []string
	for _, m := range c.members {
		pages = append(pages, "http://"+m.http+"/")
	}
	fmt.Fprintf(out, clusterText, len(c.members), c.redis.addr, rate, strings.Join(pages, " "), c.dir, c.members[0].http, c.api.Addr())
}
