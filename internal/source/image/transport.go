package image

import (
	"net/http"

	"github.com/boltseal/boltseal/internal/web"
)

// insecureFlag is the flag that allows plain HTTP.
const insecureFlag = "--insecure-registry"

// fault is an error in our own words.
type fault = web.Fault

func faultf(format string, args ...any) error { return web.Faultf(format, args...) }

func (r Remote) web() web.Options {
	return web.Options{Proxy: r.Proxy, Insecure: r.Insecure, InsecureFlag: insecureFlag, Stall: r.stall, Wait: r.wait}
}

// base is a connection pool with its bounds.
func (r Remote) base() *http.Transport {
	t := r.web().Transport()
	if r.reach != nil {
		r.reach(t)
	}
	return t
}

// roundTripper asks again where that may help, refuses plain HTTP, and gives up on
// servers that fall silent.
func (r Remote) roundTripper(base http.RoundTripper) http.RoundTripper {
	return r.web().RoundTripper(base)
}
