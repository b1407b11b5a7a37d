package http

import (
	"math"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// counter is a row of /counter/all.
type counter struct {
	Name  string
	Cnt   uint64
	Qps   *int64 `json:",omitempty"` // nil: a row without a rate
	Time  string // local
	Other struct{}
}

// counterNames returns the names of the original's counters in its order. The
// last eight are always 0, there as here.
func counterNames() []string {
	return []string{
		"RecvCnt", "RpcRecvCnt", "HttpRecvCnt", "SocketRecvCnt",

		"SendToJudgeCnt", "SendToTsdbCnt", "SendToInfluxdbCnt",
		"SendToGraphCnt", "SendToTransferCnt", "SendToP8sRelayCnt",

		"SendToJudgeDropCnt", "SendToTsdbDropCnt", "SendToGraphDropCnt",
		"SendToTransferDropCnt", "SendToInfluxdbDropCnt", "SendToP8sRelayDropCnt",

		"SendToJudgeFailCnt", "SendToTsdbFailCnt", "SendToGraphFailCnt",
		"SendToTransferFailCnt", "SendToInfluxdbFailCnt", "SendToP8sRelayFailCnt",

		"JudgeSendCacheCnt", "TsdbSendCacheCnt", "GraphSendCacheCnt",
		"TransferSendCacheCnt", "P8sRelaySendCacheCnt",

		"HistoryRequestCnt", "InfoRequestCnt", "LastRequestCnt", "LastRawRequestCnt",
		"HistoryResponseCounterCnt", "HistoryResponseItemCnt",
		"LastRequestItemCnt", "LastRawRequestItemCnt",
	}
}

// cacheSuffix ends the names of the counters that also fall: they have no rate.
const cacheSuffix = "SendCacheCnt"

func (s *Server) counters(c *gin.Context) {
	counts := classicCounts(s.relay.Receivers(), s.relay.Targets())
	now := time.Now().Format(time.DateTime)
	rows := make([]counter, 0, len(counterNames()))
	for _, name := range counterNames() {
		row := counter{Name: name, Cnt: counts[name], Time: now}
		if !strings.HasSuffix(name, cacheSuffix) {
			qps := int64(math.Round(s.rates.rate(name)))
			row.Qps = &qps
		}
		rows = append(rows, row)
	}
	replyData(c, rows)
}

// classicCounts returns the original's counters by name; a missing one is 0. What
// a backend shows is the sum over its targets.
func classicCounts(receivers []*stat.Receiver, targets []stat.Target) map[string]uint64 {
	counts := make(map[string]uint64)
	for _, r := range receivers {
		n := r.Accepted.Load()
		counts["RecvCnt"] += n
		counts[classicName(r.Name)+"RecvCnt"] += n
	}
	for _, t := range targets {
		x := classicName(t.Backend)
		counts["SendTo"+x+"Cnt"] += t.Delivered
		counts["SendTo"+x+"DropCnt"] += t.DroppedTotal()
		counts["SendTo"+x+"FailCnt"] += t.Failed
		counts[x+cacheSuffix] += t.Queued
	}
	return counts
}

// classicName spells a section's name as the original's counters do: p8s_relay is
// P8sRelay.
func classicName(section string) string {
	var name strings.Builder
	for word := range strings.SplitSeq(section, "_") {
		if word != "" {
			name.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return name.String()
}
