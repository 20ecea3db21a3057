package vulndb

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// compareQuick holds the quick reader to encoding/json: what it takes, that takes
// too, and reads the same.
func compareQuick(t *testing.T, data []byte) (taken bool) {
	t.Helper()
	got, ok := newDecoder(true).quick(data)
	if !ok {
		return false
	}
	var want osvRecord
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatalf("taken, but encoding/json says %v", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-encoding/json +quick):\n%s", diff)
	}
	return true
}

func TestQuick(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		taken bool
	}{
		"a record":                      {npmRecord(`"versions":["1.0.0"],"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]`), true},
		"white space":                   {" {\n\t\"id\" : \"T-1\" ,\r\n \"aliases\" : [ \"a\" , \"b\" ] } \n", true},
		"escapes":                       {`{"id":"T-\"\\\/\b\f\n\r\t\u00e9\u0041","details":"\u0000"}`, true},
		"numbers and words":             {`{"id":"T-1","x":[0,-1.5e+10,1E-2,true,false,null,{"a":{}}]}`, true},
		"nulls":                         {`{"id":null,"aliases":null,"affected":[null,{"package":null,"ranges":[null,{"events":[null]}]}],"severity":null}`, true},
		"references":                    {`{"id":"T-1","references":[{"type":"WEB","url":"https://a.example"}]}`, true},
		"half a character":              {`{"id":"\ud83d"}`, false},
		"a character in halves":         {`{"id":"\ud83d\ude00"}`, false},
		"a name in capitals":            {`{"ID":"T-1"}`, false},
		"a name that comes twice":       {`{"id":"T-1","id":"T-2"}`, false},
		"a name that folds":             {`{"ſummary":"x"}`, false},
		"a number for an id":            {`{"id":1}`, false},
		"a number without digits":       {`{"x":-}`, false},
		"a number that begins with 0":   {`{"x":01}`, false},
		"a number that ends early":      {`{"x":1.}`, false},
		"a control character":           {"{\"id\":\"\x01\"}", false},
		"invalid UTF-8":                 {"{\"id\":\"\xff\"}", false},
		"a comma too many":              {`{"id":"T-1",}`, false},
		"something behind it":           {`{"id":"T-1"} x`, false},
		"nothing":                       {``, false},
		"null":                          {`null`, false},
		"a list":                        {`[]`, false},
		"an escape that there is not":   {`{"id":"\x"}`, false},
		"a short escape":                {`{"id":"\u00"}`, false},
		"nested deeper than it follows": {`{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compareQuick(t, []byte(c.text)); got != c.taken {
				t.Errorf("taken: %v, want %v", got, c.taken)
			}
		})
	}
}

func FuzzQuick(f *testing.F) {
	f.Add([]byte(npmRecord(`"versions":["1.0.0"],"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]`)))
	f.Add([]byte(`{"id":"T-\u00e91","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}],"withdrawn":"x","affected":[{},null],"references":[{"type":"WEB","url":"u"}],"y":[1.5e3,true]}`))
	f.Fuzz(func(t *testing.T, data []byte) { compareQuick(t, data) })
}
