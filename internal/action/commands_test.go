package action

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// order is a command to GitHub's runner.
type order struct {
	name, properties, data string
}

// registered are the commands that the runner knows.
var registered = []string{
	"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path", "notice",
	"remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}

// ordersIn reads a log as GitHub's runner does: a line is one up to \n, \r or both. A
// command is a line that begins, blanks aside, with "::name properties::data", or that
// holds "##[name properties]data" anywhere. Between stop-commands and its token nothing
// is obeyed.
func ordersIn(log string) []order {
	var orders []order
	stop := ""
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(log), "\n") {
		o, ok := newForm(line, stop)
		if !ok {
			o, ok = oldForm(line, stop)
		}
		switch {
		case !ok:
		case stop != "" && o.name == stop:
			stop = ""
			orders = append(orders, order{name: "resume"})
		case stop != "":
		case o.name == "stop-commands":
			stop = o.data
			orders = append(orders, order{name: o.name})
		default:
			orders = append(orders, o)
		}
	}
	return orders
}

func newForm(line, stop string) (order, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"), "::")
	info, data, closed := strings.Cut(rest, "::")
	return parsed(info, data, stop, ok && closed)
}

func oldForm(line, stop string) (order, bool) {
	_, rest, ok := strings.Cut(line, "##[")
	info, data, closed := strings.Cut(rest, "]")
	return parsed(info, data, stop, ok && closed)
}

func parsed(info, data, stop string, ok bool) (order, bool) {
	name, properties, _ := strings.Cut(info, " ")
	ok = ok && (slices.Contains(registered, name) || stop != "" && name == stop)
	return order{name, properties, data}, ok
}

func TestOrdersInALog(t *testing.T) {
	for name, tt := range map[string]struct {
		log  string
		want []order
	}{
		"both forms":               {"::error file=a::b::c\nx ##[add-mask]d\n", []order{{"error", "file=a", "b::c"}, {"add-mask", "", "d"}}},
		"behind blanks":            {" \t\u00a0::debug::x", []order{{"debug", "", "x"}}},
		"in the middle of a line":  {"a ::error::b", nil},
		"no command":               {"::nonsense::x\n::error x\n##[error\n", nil},
		"a carriage return":        {"file a\r::error::b", []order{{"error", "", "b"}}},
		"stopped, and on again":    {"::stop-commands::t\n::error::x\n##[error]y\n::t::\n::notice::z", []order{{name: "stop-commands"}, {name: "resume"}, {"notice", "", "z"}}},
		"resumed in the old form":  {"::stop-commands::t\nx ##[t]\n::notice::z", []order{{name: "stop-commands"}, {name: "resume"}, {"notice", "", "z"}}},
		"what comes before is new": {"::error::##[notice]x", []order{{"error", "", "##[notice]x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ordersIn(tt.log), cmp.AllowUnexported(order{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
