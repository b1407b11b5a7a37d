package sender

import (
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// get returns the body of GET address with query.
func get(t testing.TB, address string, query url.Values) string {
	t.Helper()
	return ask(t, http.MethodGet, address, query)
}

// ask returns the body of a request that must succeed.
func ask(t testing.TB, method, address string, query url.Values) string {
	t.Helper()
	if query != nil {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.Equal(t, 2, reply.StatusCode/100, "%s", body)
	return string(body)
}
