package dockerfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func onlyCommand(t *testing.T, text string) *command {
	t.Helper()
	f := parse("Dockerfile", []byte("FROM a\nRUN "+text+"\n"))
	if s := f.stages[0].instructions[0].script; s != nil && len(s.commands) > 0 {
		return s.commands[0]
	}
	t.Fatalf("%q has no command", text)
	return nil
}

func TestEffective(t *testing.T) {
	for text, want := range map[string]string{
		"a b":                                "a b",
		"sudo a":                             "a",
		"sudo -E -u me A=b a -u c":           "a -u c",
		"sudo --user me a":                   "a",
		"sudo --user=me -- a":                "a",
		"sudo -i":                            "sudo -i",
		"env -u X A=b C=d a":                 "a",
		"env":                                "env",
		"sudo env A=b nice -n 5 a":           "a",
		"timeout -k 5 10s a b":               "a b",
		"gosu me a":                          "a",
		"xargs -0 -n 1 chmod 777":            "chmod 777",
		"find . -name x":                     "find . -name x",
		`find . -type f -exec chmod 1 {} \;`: "chmod 1 {}",
		"find . -exec a {} + -exec b {} +":   "a {}",
		"command sudo a":                     "a",
		`["sudo", "-n", "a", "b"]`:           "a b",
		"sudo sudo sudo sudo sudo sudo a":    "a",
		"time -p a":                          "a",
		"nohup a":                            "a",
		"sudo -- -a":                         "sudo -- -a",
		"chroot /mnt a":                      "a",
		"find -exec":                         "find -exec",
		"sudo -u":                            "sudo -u",
		"eatmydata -- a":                     "a",
		"stdbuf -oL a":                       "a",
		"stdbuf -o L a":                      "a",
		"env -C /x a":                        "a",
		"setsid -w a":                        "a",
		"ionice -c 3 -n 7 a":                 "a",
		"nice -10 a":                         "a",
		"su-exec nobody:nobody a":            "a",
		"doas -u me a":                       "a",
		"fakeroot a":                         "a",
		"xargs":                              "xargs",
		"find x -execdir a '{}' ';' -print":  "a {}",
		"sudo -uroot a":                      "a",
		"sudo -Eu root a":                    "a",
		"env - PATH=/x a":                    "a",
	} {
		if got := strings.Join(plainTexts(effective(onlyCommand(t, text)).words), " "); got != want {
			t.Errorf("%q runs %q, want %q", text, got, want)
		}
	}
	set := effective(onlyCommand(t, "A=1 sudo B=2 env C=3 a")).assigns
	if diff := cmp.Diff([]assignment{{"A", "1"}, {"B", "2"}, {"C", "3"}}, set, cmp.AllowUnexported(assignment{})); diff != "" {
		t.Error(diff)
	}
}

func TestOptions(t *testing.T) {
	for text, want := range map[string]string{
		"a -xyz b":            "x= y= z=",
		"a -xo b -y":          "x= o=b y=",
		"a -xob -y":           "x= o=b y=",
		"a --out b --x=y z":   "out=b x=y",
		"a --out=b -- -x":     "out=b",
		"a -o":                "o=",
		"a - -x":              "x=",
		"a --out":             "out=",
		"a -o -x":             "o=-x",
		`a "-o" 'b c' --out=`: "o=b c out=",
	} {
		var got []string
		for _, o := range onlyCommand(t, text).options("o", "out") {
			got = append(got, o.name+"="+o.value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestModes(t *testing.T) {
	for text, want := range map[string]string{
		"777": "others", "0777": "others", "0o777": "", "1777": "sticky others", "755": "", "4755": "setuid", "06755": "setuid setgid",
		"002": "others", "a+w": "others", "o=rwx": "others", "ugo+rwx": "others", "+w": "", "o-w": "", "go-w": "", "u+w,o+w": "others",
		"a=rwxt": "sticky others", "u+s": "setuid", "+s": "setuid setgid", "g+s": "setgid", "u-s": "", "ug=rwxs": "setuid setgid",
		"u+rw-s": "", "a-x+w": "others", "g=u": "", "$MODE": "", "x": "", "": "", "u+q": "", "77777777777777": "", "o+t": "sticky",
	} {
		m, _ := parseMode(text)
		var got []string
		for _, bit := range []struct {
			name string
			set  bool
		}{{"setuid", m.setuid}, {"setgid", m.setgid}, {"sticky", m.sticky}, {"others", m.others}} {
			if bit.set {
				got = append(got, bit.name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("mode %q: %q, want %q", text, got, want)
		}
	}
}

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"a$b/c":        "b",
		"${b}c":        "b",
		"${b:-x}$c":    "b? c",
		"${b:-$c}":     "b? c",
		"${b:+x}":      "b?",
		"${b-x}":       "b?",
		"${b#x}":       "b",
		`\$b`:          "",
		"'$b'$c":       "c",
		`"$b"'$c'"'$d`: "b d",
		"$":            "",
		"$1":           "",
		"${":           "",
		"${}":          "",
		"$$b":          "b",
		"${b":          "b",
	} {
		var got []string
		for _, r := range references(text, '\\') {
			if r.i < 0 || r.j > len(text) || r.j <= r.i {
				t.Errorf("%q: %v is no region of it", text, r)
			}
			name := r.name
			if r.fallback {
				name += "?"
			}
			got = append(got, name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
