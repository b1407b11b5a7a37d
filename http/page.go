package http

import (
	"embed"
	nethttp "net/http"
	"path"

	"github.com/gin-gonic/gin"
)

//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page load what this server serves and nothing else: no
// other host, no inline script or style, no frame around it.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageAsset is one file of the status page.
type pageAsset struct {
	contentType string
	body        []byte
}

// pageAssets returns the files of the status page by their paths.
func pageAssets() map[string]pageAsset {
	types := map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".svg":  "image/svg+xml",
	}
	assets := make(map[string]pageAsset)
	for at, file := range map[string]string{
		"/":         "index.html",
		"/page.css": "page.css",
		"/page.js":  "page.js",
		"/icon.svg": "icon.svg",
	} {
		body, err := pageFiles.ReadFile("page/" + file)
		if err != nil {
			panic(err) // embedded at build time: can't be missing
		}
		assets[at] = pageAsset{types[path.Ext(file)], body}
	}
	return assets
}

func (a pageAsset) serve(c *gin.Context) {
	c.Header("Content-Security-Policy", pagePolicy)
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "no-cache")
	c.Data(nethttp.StatusOK, a.contentType, a.body)
}
