package packages

import "testing"

func TestCouldBePackage(t *testing.T) {
	for file, want := range map[string]bool{
		"usr/lib/python3/dist-packages/six-1.0.egg-info":       true,
		"usr/share/nodejs/node_modules/a/package.json":         true,
		"usr/share/java/a.jar":                                 true,
		"usr/bin/docker":                                       true,
		"bin/busybox":                                          true,
		"usr/share/doc/a/copyright":                            false,
		"usr/local/lib/python3/site-packages/six-1.0.egg-info": false,
		"opt/app/lib/a.jar":                                    false,
		"app/node_modules/a/package.json":                      false,
		"etc/passwd":                                           false,
	} {
		if got := couldBePackage(file); got != want {
			t.Errorf("%s: %v", file, got)
		}
	}
}
