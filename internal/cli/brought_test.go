package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBroughtFindsTheRepositorysDockerfiles(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"app/Dockerfile":            "FROM x\nCOPY a /a\n",
		"node_modules/x/Dockerfile": "FROM x\nCOPY a /a\n",
		"build/api.dockerfile":      "FROM x\nCOPY b /b\n",
		"README":                    "FROM x\nCOPY c /c\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc", filepath.Join(root, "Dockerfile")); err != nil {
		t.Skip(err)
	}
	find := ciOptions{path: root, images: []string{"x"}}.brought(t.Context())
	for instruction, want := range map[string]string{
		"COPY a /a # buildkit": "app/Dockerfile", "COPY b /b # buildkit": "build/api.dockerfile", "COPY c /c # buildkit": "",
	} {
		if path, line, ok := find(instruction); path != want || ok != (want != "") || ok && line != 2 {
			t.Errorf("%s: %s:%d %t", instruction, path, line, ok)
		}
	}
	if (ciOptions{path: root}).brought(t.Context()) != nil {
		t.Error("it looked though no image was scanned")
	}
}
