package scan_test

import (
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// TestNamesThatHoldSecrets wants no index kept that holds a secret, and every other.
func TestNamesThatHoldSecrets(t *testing.T) {
	assignment := regexp.MustCompile(`key[a-z0-9.-]*[:=]\S+`)
	reveals := func(text string) bool { return assignment.MatchString(text) }
	for _, test := range []struct {
		name, path string
		kept       bool
	}{
		{"a record of dpkg", "var/lib/dpkg/info/libk" + "eyutils1:amd64.triggers", true},
		{"a record of dpkg whose package is none", "var/lib/dpkg/info/api_key=sk12:amd64.list", false},
		{"no record of dpkg", "var/lib/dpkg/info/key:sk-Live/x", false},
		{"no record of dpkg, in capitals", "var/lib/dpkg/info/key:SECRET.list", false},
		{"another folder", "srv/libk" + "eyutils1:amd64.triggers", false},
		{"any name", "etc/passwd", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var reads atomic.Int64
			s := toy{name: "whole", key: "1", mode: scan.Whole, reads: &reads}
			opt := scan.Options{Cache: &memory{}, Reveals: reveals}
			for range 2 {
				run(scantest.Image("app", nil, scantest.Layer{Files: []scantest.File{scantest.Text(test.path, "x")}}), opt, s)
			}
			if kept := reads.Load() == 1; kept != test.kept {
				t.Errorf("kept: %v, want %v", kept, test.kept)
			}
		})
	}
}
