package finding

import (
	"testing"

	"github.com/boltseal/boltseal/internal/inventory"
)

func TestKnown(t *testing.T) {
	lodash := inventory.Package{Ecosystem: "npm", Name: "lodash", Version: "4.17.4"}
	newer := lodash
	newer.Version = "4.17.11"
	other := inventory.Package{Ecosystem: "npm", Name: "underscore", Version: "1"}
	compared := func(path, hash string) Finding {
		f := secret(1, path, "same")
		f.Compared = SecretIdentity("", path, hash)
		return f
	}
	stored := func(f Finding) Finding {
		f = Seal([]Finding{f}, nil)[0]
		f.Identity = nil
		return f
	}
	for name, test := range map[string]struct {
		there, here []Finding
		moved       map[string]string
		want        string // o for old, n for new
	}{
		"a line that moved":               {[]Finding{secret(1, "a", "x")}, []Finding{secret(9, "a", "x")}, nil, "o"},
		"another secret on that line":     {[]Finding{secret(1, "a", "x")}, []Finding{secret(1, "a", "x"), secret(1, "a", "y")}, nil, "on"},
		"the same secret once more":       {[]Finding{secret(1, "a", "x")}, []Finding{secret(1, "a", "x"), secret(2, "a", "x")}, nil, "on"},
		"in another file":                 {[]Finding{secret(1, "a", "x")}, []Finding{secret(1, "b", "x")}, nil, "n"},
		"in a renamed file":               {[]Finding{secret(1, "a", "x")}, []Finding{secret(1, "b", "x")}, map[string]string{"a": "b"}, "o"},
		"in a renamed archive":            {[]Finding{secret(1, "a.zip!x/y", "x")}, []Finding{secret(1, "b.zip!x/y", "x")}, map[string]string{"a.zip": "b.zip"}, "o"},
		"a command that was reindented":   {[]Finding{command(1, "Dockerfile", "apt-get  install\n x")}, []Finding{command(5, "Dockerfile", "apt-get install x")}, nil, "o"},
		"a renamed Dockerfile":            {[]Finding{command(1, "Dockerfile", "x")}, []Finding{command(1, "app/Dockerfile", "x")}, map[string]string{"Dockerfile": "app/Dockerfile"}, "o"},
		"a CVE that was assigned later":   {[]Finding{vulnerable("GHSA-1", []string{"GHSA-1"}, lodash, "", "p")}, []Finding{vulnerable("CVE-1", []string{"CVE-1", "GHSA-1"}, newer, "", "p")}, nil, "o"},
		"the advisory in another package": {[]Finding{vulnerable("CVE-1", []string{"CVE-1"}, lodash, "", "p")}, []Finding{vulnerable("CVE-1", []string{"CVE-1"}, other, "", "p")}, nil, "n"},
		"equal by 16 bits only":           {[]Finding{compared("a", "long one")}, []Finding{compared("a", "long two")}, nil, "n"},
		"equal by the run's hash":         {[]Finding{compared("a", "long one")}, []Finding{compared("a", "long one")}, nil, "o"},
		"a stored run":                    {[]Finding{stored(vulnerable("GHSA-1", []string{"GHSA-1", "CVE-1"}, lodash, "app", ""))}, []Finding{vulnerable("CVE-1", []string{"CVE-1"}, lodash, "app", "")}, nil, "o"},
	} {
		t.Run(name, func(t *testing.T) {
			k := NewKnown(test.there, test.moved)
			got := ""
			for i := range test.here {
				if k.Take(&test.here[i]) != nil {
					got += "o"
				} else {
					got += "n"
				}
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestKnownIsFast takes many equal findings, which must not be looked through again
// for each.
func TestKnownIsFast(t *testing.T) {
	const many = 200_000
	all := make([]Finding, many)
	for i := range all {
		all[i] = secret(i, "a", "x")
	}
	k := NewKnown(all, nil)
	for i := range all {
		if k.Take(&all[i]) == nil {
			t.Fatalf("finding %d is new", i)
		}
	}
	if k.Take(&all[0]) != nil || k.Find(&all[0]) == nil {
		t.Error("there is one more than there were, or none at all")
	}
}
