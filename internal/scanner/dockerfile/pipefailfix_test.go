package dockerfile

import "testing"

// TestPipefailFix: pipefail is set where nothing that works now would end otherwise,
// neither in the build nor in the container.
func TestPipefailFix(t *testing.T) {
	cases := map[string]struct {
		text string
		want bool
	}{
		"nothing else is there":                       {"", true},
		"CMD in exec form":                            {`CMD ["app"]`, true},
		"CMD in shell form without a pipe":            {"CMD app $PORT", true},
		"CMD with a pipe":                             {"CMD app | tee log", false},
		"CMD with a pipe that another stage inherits": {"FROM base\nCMD app | tee log", false},
		"ENTRYPOINT with a pipe":                      {"ENTRYPOINT app 2>&1 | logger", false},
		"HEALTHCHECK with a pipe":                     {"HEALTHCHECK CMD ps aux | grep -q app || exit 1", false},
		"HEALTHCHECK without a pipe":                  {"HEALTHCHECK CMD curl -f http://localhost || exit 1", true},
		"HEALTHCHECK NONE":                            {"HEALTHCHECK NONE", true},
		"CMD with echo that minds backslashes":        {`CMD echo "a\nb"`, false},
		"CMD that cannot be read":                     {"CMD if", false},
		"ONBUILD CMD with a pipe":                     {"ONBUILD CMD a | b", false},
		"grep whose answer may be no":                 {"RUN env | grep ^A | sort", false},
		"grep in the end, whose answer counts anyway": {"RUN env | grep ^A", true},
		"ldd of what may be no program":               {"RUN ldd /usr/lib/*.so | sort", false},
		"dpkg asked for what it may not know":         {"RUN cat names | xargs dpkg-query -S | sort", false},
		"dpkg that installs":                          {"RUN dpkg -i x.deb | tee log", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := lintText("FROM debian:12 AS base\nRUN cat a | tee b\n" + c.text + "\n")
			got := false
			for _, f := range l.findings {
				got = got || f.Rule == "DL4006" && f.Fix != nil
			}
			if got != c.want {
				t.Errorf("a fix is offered: %v, want %v", got, c.want)
			}
		})
	}
}
