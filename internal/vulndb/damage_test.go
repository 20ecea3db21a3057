package vulndb

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"

	"github.com/boltseal/boltseal/internal/inventory"
)

// askAll opens a database and asks it for everything.
func askAll(t *testing.T, dir string) ([]Match, error) {
	t.Helper()
	db, err := OpenDatabase(dir)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.Describe("GHSA-2345-cfgh-qrwx"); err != nil {
		return nil, err
	}
	return db.Query(t.Context(), samplePackages())
}

// TestCutDatabase cuts each file at every byte of its head and its index and at a
// thousand other places.
func TestCutDatabase(t *testing.T) {
	_, dir := installed(t, folderOf(t, sampleAdvisories(t)))
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for _, f := range m.files() {
		path := filepath.Join(dir, f.Name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		index := int(binary.LittleEndian.Uint32(whole[32:]))
		places := make([]int, 0, headSize+index+1000)
		for i := range headSize + index {
			places = append(places, i)
		}
		for range 1000 {
			places = append(places, random.IntN(len(whole)))
		}
		slices.Sort(places)
		for _, n := range slices.Compact(places) {
			replace(t, path, whole[:n])
			if _, err := askAll(t, dir); !errors.Is(err, errDamaged) {
				t.Fatalf("%s cut at %d: %v", f.Name, n, err)
			}
			if _, err := openBlocks(whole[:n], string(whole[8:12])); !errors.Is(err, errDamaged) {
				t.Fatalf("%s cut at %d, with a manifest that says so: %v", f.Name, n, err)
			}
		}
		replace(t, path, whole)
	}
}

// TestFlippedBits holds that a flipped bit changes no answer without a word.
func TestFlippedBits(t *testing.T) {
	db, dir := installed(t, folderOf(t, sampleAdvisories(t)))
	want, err := askAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		f := db.manifest.files()[random.IntN(3)]
		path := filepath.Join(dir, f.Name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(whole)
		at := random.IntN(len(whole))
		flipped[at] ^= 1 << random.IntN(8)
		replace(t, path, flipped)
		got, err := askAll(t, dir)
		if err == nil {
			compareDamaged(t, want, got)
			err = verifyAt(t, dir)
		}
		if !errors.Is(err, errDamaged) {
			t.Fatalf("%s flipped at %d: %v", f.Name, at, err)
		}
		replace(t, path, whole)
	}
}

// replace writes a file anew, as the old one is mapped.
func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path+".new", data, 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

func verifyAt(t *testing.T, dir string) error {
	t.Helper()
	db, err := OpenDatabase(dir)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Verify()
}

// compareDamaged lets a match differ that says that the data are damaged.
func compareDamaged(t *testing.T, want, got []Match) {
	t.Helper()
	for i := range want {
		if errors.Is(got[i].Err, errDamaged) {
			continue
		}
		if diff := cmp.Diff(want[i], got[i], errorText, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("a wrong answer without an error (-want +got):\n%s", diff)
		}
	}
}

func TestSchemas(t *testing.T) {
	image := buildFrom(t, folderOf(t, sampleAdvisories(t)))
	newer := bytes.Clone(image.files[image.Manifest.Parts[0].Matches.Name])
	binary.LittleEndian.PutUint32(newer[12:], Schema+1)
	binary.LittleEndian.PutUint32(newer[headSize-4:], crc32.Checksum(newer[:headSize-4], castagnoli))
	_, err := openMatches(newer)
	wrong, ok := errors.AsType[*SchemaError](err)
	if !ok || wrong.Schema != Schema+1 || !strings.Contains(err.Error(), "use a newer boltseal, or build the database again") {
		t.Errorf("a file of a newer schema: %v", err)
	}
	dir := t.TempDir()
	image.Manifest.Schema = Schema + 1
	if err := image.Install(dir); err != nil {
		t.Fatal(err)
	}
	if _, err = OpenDatabase(dir); err == nil || !strings.Contains(err.Error(), "use a newer boltseal") {
		t.Errorf("a database of a newer schema: %v", err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a database of a newer schema is opened as a folder of advisories")
	}
	image.Manifest.Schema = 0
	if err := image.Install(dir); err != nil {
		t.Fatal(err)
	}
	if _, err = OpenDatabase(dir); err == nil || !strings.Contains(err.Error(), "build it again") {
		t.Errorf("a database of a schema before the first: %v", err)
	}
}

func TestManifestFaults(t *testing.T) {
	_, dir := installed(t, folderOf(t, sampleAdvisories(t)))
	path := filepath.Join(dir, manifestFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":             "",
		"cut":               string(good[:len(good)/2]),
		"another one's":     `{"name":"x"}`,
		"a path in a name":  strings.Replace(string(good), `"name": "matches-`, `"name": "../matches-`, 1),
		"no date":           strings.Replace(string(good), `"built": "2024`, `"built": "x`, 1),
		"no date of a list": strings.Replace(string(good), `"kev": "`, `"kevAsOf": "x", "kev": "`, 1),
		"a file of naught":  strings.Replace(string(good), `"name": "matches-`, `"name": "matches-0000000000000000.db","x":"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			replace(t, path, []byte(text))
			if _, err := Open(dir); !errors.Is(err, errDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, errDamaged) {
		t.Errorf("without a manifest: %v", err)
	}
}

func TestInstall(t *testing.T) {
	first := buildFrom(t, folderOf(t, sampleAdvisories(t)))
	second := buildFrom(t, folderOf(t, map[string]string{"PyPI/a.json": pyAdvisory}))
	dir := filepath.Join(t.TempDir(), "a", "db")
	if err := first.Install(dir); err != nil {
		t.Fatal(err)
	}
	old, err := OpenDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := os.WriteFile(filepath.Join(dir, tempPrefix+"left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := second.Install(dir); err != nil {
		t.Fatal(err)
	}
	matches, err := old.Query(t.Context(), []inventory.Package{npmPackage})
	if err != nil || matches[0].Err != nil || len(matches[0].Advisories) == 0 {
		t.Errorf("the old database, still open: %+v, %v", matches, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := append(sortedNames(second.files), manifestFile)
	if got := slices.DeleteFunc(names, func(name string) bool { return name == lockFile }); !slices.Equal(sortedCopy(want), sortedCopy(got)) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func sortedCopy(list []string) []string { return slices.Sorted(slices.Values(list)) }

func TestInstallFaults(t *testing.T) {
	image := buildFrom(t, folderOf(t, map[string]string{"PyPI/a.json": pyAdvisory}))
	t.Run("somebody else's folder", func(t *testing.T) {
		dir := folderOf(t, map[string]string{"thesis.txt": "x"})
		if err := image.Install(dir); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("got %v", err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("it now holds %v", entries)
		}
	})
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(folderOf(t, map[string]string{"f": "x"}), "f")
		if err := image.Install(path); err == nil {
			t.Error("no error")
		}
	})
	t.Run("another one writes", func(t *testing.T) {
		dir := t.TempDir()
		unlock, err := lockDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := image.Install(dir); err == nil || !strings.Contains(err.Error(), "another boltseal") {
			t.Errorf("got %v", err)
		}
		unlock()
		if err := image.Install(dir); err != nil {
			t.Error(err)
		}
	})
	t.Run("what stops it leaves the old one", func(t *testing.T) {
		_, dir := installed(t, folderOf(t, sampleAdvisories(t)))
		before, err := askAll(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		// A folder in the place of a file stops the last write before the manifest.
		if err := os.MkdirAll(filepath.Join(dir, image.Manifest.Parts[0].Texts.Name, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := image.Install(dir); err == nil {
			t.Fatal("no error")
		}
		after, err := askAll(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after, errorText); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		if _, err := os.Stat(filepath.Join(dir, image.Manifest.Parts[0].Matches.Name)); err == nil {
			t.Error("a file of the new one is left")
		}
	})
}

// FuzzFile hands any bytes to the reader of files.
func FuzzFile(f *testing.F) {
	image := buildFrom(f, folderOf(f, map[string]string{"npm/a.json": npmAdvisory}))
	for _, name := range sortedNames(image.files) {
		f.Add(image.files[name])
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		for _, kind := range []string{kindMatch, kindTexts, kindExtra} {
			if file, err := openBlocks(data, kind); err == nil {
				_ = file.verify()
				file.close()
			}
		}
	})
}

// FuzzBlocks hands blocks with good checksums and any content to what reads them.
func FuzzBlocks(f *testing.F) {
	image := buildFrom(f, folderOf(f, sampleAdvisories(f)))
	file, err := openMatches(image.files[image.Manifest.Parts[0].Matches.Name])
	if err != nil {
		f.Fatal(err)
	}
	block := func(section string) []byte {
		data, err := file.section(section).block(0, nil)
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	for _, family := range []string{"npm", "Debian"} {
		f.Add(block("tables"), block("summaries"), block("f/"+family), block("p/"+family), block("r/"+family))
	}
	f.Fuzz(func(t *testing.T, tables, summaries, meta, packages, records []byte) {
		w, err := newFileWriter(kindMatch, zstd.SpeedFastest)
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"tables": tables, "summaries": summaries, "f/npm": meta, "p/npm": packages, "r/npm": records, "f/Debian": meta, "p/Debian": packages, "r/Debian": records} {
			w.section(name).block("", data)
		}
		m, err := openMatches(w.bytes(0))
		if err != nil {
			t.Fatal(err)
		}
		for _, ecosystem := range []string{"npm", "Debian:12"} {
			family, err := m.open(inventory.Family(ecosystem))
			if err != nil {
				continue
			}
			for _, version := range []string{"", "1.0.0"} {
				match(family.family, asking{family, &madeEntries{}}, &inventory.Package{Ecosystem: ecosystem, Name: "p", Version: version})
			}
		}
	})
}

// FuzzOtherBlocks does the same for texts, KEV and EPSS.
func FuzzOtherBlocks(f *testing.F) {
	f.Add([]byte("\x01\x00"), []byte("\x01\x01\x00\x00"), []byte("\x00"))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		w, err := newFileWriter(kindTexts, zstd.SpeedFastest)
		if err != nil {
			t.Fatal(err)
		}
		w.section("ids").block("", a)
		w.section("texts").block("", b)
		w.section("kinds").block("", c)
		texts, err := openBlocks(w.bytes(0), kindTexts)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = texts.describe("CVE-2024-1")
		w, err = newFileWriter(kindExtra, zstd.SpeedFastest)
		if err != nil {
			t.Fatal(err)
		}
		w.section("dates").block("", []byte{0, 0})
		w.section("kev").block("", a)
		w.section("epss").block("", b)
		w.section("scores").block("", c)
		extras, err := openExtras(w.bytes(0))
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = extras.about("CVE-2024-1")
	})
}

// TestFirstSchema holds that a database of the schema before is still opened.
func TestFirstSchema(t *testing.T) {
	_, dir := installed(t, folderOf(t, sampleAdvisories(t)))
	want, err := askAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	old, err := json.Marshal(map[string]any{
		"format": format, "schema": 1, "built": m.Built, "kev": m.KEV, "epss": m.EPSS,
		"matches": m.Parts[0].Matches, "texts": m.Parts[0].Texts, "extras": m.Extras, "sources": m.Parts[0].Sources,
	})
	if err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(dir, manifestFile), old)
	got, err := askAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, errorText); diff != "" {
		t.Errorf("(-now +schema 1):\n%s", diff)
	}
}

// TestHugeIDs holds that links with a long prefix, which each of them names in a byte, are
// refused before all of them are spelled out.
func TestHugeIDs(t *testing.T) {
	const links = maxUnfolded>>20 + 8
	prefixes := []string{strings.Repeat("A", 1<<20) + "-*-"}
	var w writer
	for range links + 1 {
		for _, n := range []int{idPlain, 2024, 1} {
			w.number(n)
		}
	}
	r, s, rec := &reader{data: w.data}, &spelling{}, &record{}
	if got := s.ids(r, links, prefixes, rec); got != nil || !r.bad || rec.id != "" {
		t.Errorf("%d links of %d bytes are read, and an id of %d", len(got), len(prefixes[0]), len(rec.id))
	}
}

// TestHugeShapes holds that a shape of many events that many entries name is refused
// before memory is taken for all of them.
func TestHugeShapes(t *testing.T) {
	const entries, events = 2000, 2000
	var tables, meta, shape, packages, body, records writer
	for range 3 {
		tables.texts(nil)
	}
	for _, n := range []int{0, 0, 1, events} { // set, flags, ranges, events of the first
		shape.number(n)
	}
	for range events {
		shape.number(eventCode(event{introduced, "0"}))
	}
	meta.texts([]string{""})
	meta.number(1)
	meta.numbers([]int{0})
	meta.number(1)
	meta.text(string(shape.data))
	body.number(entries)
	for range 2 * entries { // record 0 and shape 0 of each
		body.number(0)
	}
	body.texts(nil)
	packages.after("", "p")
	packages.text(string(body.data))
	records.number(1)
	records.number(0)
	for _, part := range []string{"\x00", "\x00\x01x", "\x00"} {
		records.text(part)
	}
	w, err := newFileWriter(kindMatch, zstd.SpeedFastest)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"tables": tables.data, "f/npm": meta.data, "p/npm": packages.data, "r/npm": records.data} {
		w.section(name).block("", data)
	}
	m, err := openMatches(w.bytes(0))
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.open("npm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.find("p", "", &madeEntries{}); !errors.Is(err, errDamaged) {
		t.Errorf("got %v", err)
	}
}
