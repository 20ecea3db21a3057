package dockerfile

import (
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3011", Severity: finding.High,
	Title:       "EXPOSE of a port that cannot be",
	Remediation: "Ports go from 0 to 65535",
}, onInstruction(func(r *report, i *instruction) {
	for n, w := range i.words {
		ports, _, _ := strings.Cut(unquote(w.text), "/")
		for port := range strings.SplitSeq(ports, "-") {
			if tooHigh(port) {
				r.at(i, i.wordSpan(n), "EXPOSE "+w.text, "port %s is above 65535", quote(port))
				break
			}
		}
	}
}, "EXPOSE"))

// tooHigh says whether a word is a number above that of the last port.
func tooHigh(port string) bool {
	if port == "" || strings.Trim(port, "0123456789") != "" {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 64)
	return err != nil || number > 65535
}
