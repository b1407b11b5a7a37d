package http

import (
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

func TestCounters(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	begin := time.Now()
	s.rates.take(begin)
	relay.receivers[0].Accepted.Add(20)
	relay.targets[0].Delivered += 7
	relay.targets[0].Queued -= 7
	s.rates.take(begin.Add(2 * time.Second))

	want := []string{
		"RecvCnt 620 10", "RpcRecvCnt 120 10", "HttpRecvCnt 300 0", "SocketRecvCnt 200 0",
		"SendToJudgeCnt 0 0", "SendToTsdbCnt 0 0", "SendToInfluxdbCnt 0 0", "SendToGraphCnt 228 4", "SendToTransferCnt 0 0", "SendToP8sRelayCnt 0 0",
		"SendToJudgeDropCnt 0 0", "SendToTsdbDropCnt 0 0", "SendToGraphDropCnt 10 0", "SendToTransferDropCnt 0 0", "SendToInfluxdbDropCnt 0 0", "SendToP8sRelayDropCnt 3 0",
		"SendToJudgeFailCnt 0 0", "SendToTsdbFailCnt 0 0", "SendToGraphFailCnt 7 0", "SendToTransferFailCnt 0 0", "SendToInfluxdbFailCnt 0 0", "SendToP8sRelayFailCnt 0 0",
		"JudgeSendCacheCnt 0 -", "TsdbSendCacheCnt 0 -", "GraphSendCacheCnt 83 -", "TransferSendCacheCnt 0 -", "P8sRelaySendCacheCnt 1 -",
		"HistoryRequestCnt 0 0", "InfoRequestCnt 0 0", "LastRequestCnt 0 0", "LastRawRequestCnt 0 0", "HistoryResponseCounterCnt 0 0",
		"HistoryResponseItemCnt 0 0", "LastRequestItemCnt 0 0", "LastRawRequestItemCnt 0 0",
	}
	for _, path := range []string{"/counter/all", "/statistics/all"} {
		body := from(s, "10.0.0.1:1", "GET", path).Body.Bytes()
		require.Regexp(t, `^{"msg":"success","data":\[{"Name":"RecvCnt","Cnt":620,"Qps":10,"Time":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d","Other":{}},`, string(body))
		var got []string
		rows := jsoniter.Get(body, "data")
		for i := range rows.Size() {
			row := rows.Get(i)
			qps := "-"
			if row.Get("Qps").ValueType() == jsoniter.NumberValue {
				qps = row.Get("Qps").ToString()
			}
			got = append(got, row.Get("Name").ToString()+" "+row.Get("Cnt").ToString()+" "+qps)
			at, err := time.ParseInLocation(time.DateTime, row.Get("Time").ToString(), time.Local)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), at, time.Minute)
		}
		require.Equal(t, want, got)
	}
}

func TestRates(t *testing.T) {
	relay := &fakeRelay{targets: []stat.Target{target("graph", "a", "h", stat.Ledger{Delivered: 1000})}}
	s := newSampler(relay)
	begin := time.Now()
	require.Zero(t, s.rate(deliveredTo("graph/a/h")), "no sample yet")
	for i := range historyLimit + 10 {
		s.take(begin.Add(time.Duration(i) * time.Second))
		relay.targets[0].Delivered += 50
	}
	require.InDelta(t, 50, s.rate(deliveredTo("graph/a/h")), 1e-9)
	require.Len(t, s.samples, rateSamples+1)
	require.Len(t, s.past().Out, historyLimit)
	require.InDelta(t, 50, s.past().Out[historyLimit-1], 1e-9)

	later := begin.Add(time.Hour)
	relay.targets = append(relay.targets, target("graph", "new", "h", stat.Ledger{Delivered: 1 << 40}))
	s.take(later)
	require.Zero(t, s.rate(deliveredTo("graph/new/h")), "what it counted before it was known is no rate")
	relay.targets[1].Delivered += 10
	s.take(later.Add(time.Second))
	require.InDelta(t, 10, s.rate(deliveredTo("graph/new/h")), 1e-9)

	relay.targets = nil
	s.take(later.Add(2 * time.Second))
	require.Zero(t, s.rate(totalOut), "a sum that falls is no rate")
}
