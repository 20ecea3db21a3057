package vulndb

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExport(t *testing.T) {
	_, dir := installed(t, folderOf(t, sampleAdvisories(t)))
	want, err := askAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := OpenDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, name := range []string{"copy", "copy.tar", "copy.TAR"} {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), name)
			for range 2 { // the second time it replaces the first
				if _, err := Export(t.Context(), dir, to); err != nil {
					t.Fatal(err)
				}
			}
			db, err := Open(to)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if got := db.(*Database).Digest(); got != first.Digest() {
				t.Errorf("digest %s, want %s", got, first.Digest())
			}
			got, err := askAll(t, to)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, errorText); diff != "" {
				t.Errorf("(-original +copy):\n%s", diff)
			}
			if err := verifyAt(t, to); err != nil {
				t.Error(err)
			}
			again := filepath.Join(t.TempDir(), "again.tar")
			if _, err := Export(t.Context(), to, again); err != nil {
				t.Errorf("exporting the copy: %v", err)
			}
		})
	}
	t.Run("the same bytes", func(t *testing.T) {
		var all [2][]byte
		for i := range all {
			to := filepath.Join(t.TempDir(), "x.tar")
			if _, err := Export(t.Context(), dir, to); err != nil {
				t.Fatal(err)
			}
			if all[i], err = os.ReadFile(to); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(all[0], all[1]) {
			t.Error("two exports of one database differ")
		}
	})
	t.Run("what is damaged is not exported", func(t *testing.T) {
		m, err := ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, m.Parts[0].Texts.Name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-1] ^= 1
		replace(t, path, data)
		to := filepath.Join(t.TempDir(), "x.tar")
		if _, err := Export(t.Context(), dir, to); !errors.Is(err, errDamaged) {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(to); err == nil {
			t.Error("there is a file all the same")
		}
	})
}

// TestCutTar cuts an exported file at many places.
func TestCutTar(t *testing.T) {
	_, dir := installed(t, folderOf(t, map[string]string{"npm/a.json": npmAdvisory}))
	path := filepath.Join(t.TempDir(), "x.tar")
	if _, err := Export(t.Context(), dir, path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndexFunc(whole, func(r rune) bool { return r != 0 })
	for n := 0; n < end-512; n += 37 {
		replace(t, path, whole[:n])
		if db, err := Open(path); err == nil {
			db.Close()
			t.Fatalf("cut at %d of %d: no error", n, len(whole))
		}
	}
}

// FuzzTar hands any bytes to the reader of exported files.
func FuzzTar(f *testing.F) {
	image := buildFrom(f, folderOf(f, map[string]string{"npm/a.json": npmAdvisory}))
	raw, err := image.Manifest.bytes()
	if err != nil {
		f.Fatal(err)
	}
	image.raw = raw
	data, err := image.tar()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(_ *testing.T, data []byte) {
		at := &tarFiles{path: "x.tar", members: make(map[string][]byte)}
		if at.list(data) != nil {
			return
		}
		if db, err := openFiles(at); err == nil {
			_ = db.Verify()
			_ = db.Close()
		}
	})
}
