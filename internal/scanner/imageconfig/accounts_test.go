package imageconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAccounts(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []account
	}{
		"passwd": {"root:x:0:0:root:/root:/bin/sh\napp::1000:1000::/:\n", []account{
			{Name: "root", Line: 1, UID: 0},
			{Name: "app", Line: 2, UID: 1000, Empty: true},
		}},
		"shadow":                {"root:*:0:0:99999:7:::\n", []account{{Name: "root", Line: 1, UID: -1}}},
		"comments, blanks, NIS": {"# x:y:0\n\n+::::::\n-bad:x:0:0:::\nok:x:1:1:::", []account{{Name: "ok", Line: 5, UID: 1}}},
		"Windows line ends":     {"a::1:1:::\r\n", []account{{Name: "a", Line: 1, UID: 1, Empty: true}}},
		"a number that is none": {"a:x:zero:0:::\nb:x:-0:0:::\nc:x:99999999999999999999:0:::\nd:x:-1:0:::\n", []account{
			{Name: "a", Line: 1, UID: -1}, {Name: "b", Line: 2, UID: 0}, {Name: "c", Line: 3, UID: -1}, {Name: "d", Line: 4, UID: -1},
		}},
		"zeros before":                 {"a:x:000:0:::\n", []account{{Name: "a", Line: 1, UID: 0}}},
		"no fields, no name, too long": {"root\n:x:0:0:::\n" + strings.Repeat("n", 300) + ":x:0:0:::\n", nil},
		"bytes that are no text":       {"a\xff:x:0:0:::\n", []account{{Name: "a\uFFFD", Line: 1, UID: 0}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseAccounts([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzParseAccounts(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/sh\n"))
	f.Add([]byte("root::19000:0:99999:7:::\n+\n#\n::::::\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		accounts, err := parseAccounts(data)
		if err != nil {
			return
		}
		last := 0
		for _, a := range accounts {
			if a.Name == "" || a.Line <= last || a.UID < -1 {
				t.Errorf("%+v after line %d", a, last)
			}
			last = a.Line
		}
		if _, err := encodeAccounts(accounts); err != nil {
			t.Error(err)
		}
	})
}
