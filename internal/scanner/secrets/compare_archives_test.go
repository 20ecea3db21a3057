package secrets_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func zipOf(f files) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range sorted(f) {
		file, err := w.Create(name)
		if err != nil {
			panic(err)
		}
		file.Write([]byte(f[name]))
	}
	w.Close()
	return b.String()
}

func tarOf(f files) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range sorted(f) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(f[name]))}); err != nil {
			panic(err)
		}
		w.Write([]byte(f[name]))
	}
	w.Close()
	return b.String()
}

func gzipOf(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func zstdOf(s string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}

// archives are files with others in them, up to three deep.
func archives(rng *rand.Rand) files {
	inner := func() files {
		return files{
			"a.txt": awsKey(rng) + "\n", "d/b.env": genericKey(rng) + "\n", "node_modules/x.js": githubToken(rng),
			"key.p12": "0\x82" + randomBytes(rng, 50), "large.txt": strewn(rng, 150_000, 20_000, true), "a.browser.js": jwt(rng) + "\n",
			"nul.bin": "\x00" + awsKey(rng), "empty.txt": "",
		}
	}
	two := zipOf(files{"in.tar": tarOf(inner()), "in.tar.gz": gzipOf(tarOf(inner())), "x.txt": slackToken(rng)})
	return files{
		"plain.txt": awsKey(rng) + "\n", "a.zip": zipOf(inner()), "b.tar": tarOf(inner()), "c.tar.gz": gzipOf(tarOf(inner())), "d.tgz": gzipOf(tarOf(inner())),
		"e.txt.gz": gzipOf(strewn(rng, 3_000, 300, true)), "f.tar.zst": zstdOf(tarOf(inner())), "g.txt.zst": zstdOf(githubToken(rng) + "\n"),
		"nested.zip": two, "three.tar": tarOf(files{"deep/two.zip": two, "y.txt": githubToken(rng)}), "app.jar": zipOf(inner()),
		"no-ending": zipOf(inner()), "wrong.zip": "no archive " + githubToken(rng) + "\n", "cut.tar.gz": gzipOf(tarOf(inner()))[:3_000],
	}
}

func TestArchivesHoldWhatGitleaksFindsInThem(t *testing.T) {
	t.Parallel()
	r := newRepo(t, 600)
	r.commit(archives(r.rng))
	for depth := range 4 {
		t.Run(fmt.Sprintf("depth %d", depth), func(t *testing.T) {
			t.Parallel()
			set := settings{archiveDepth: depth}
			if depth > 0 {
				set.broken = "cut.tar.gz: unexpected EOF"
			}
			compareTree(t, fmt.Sprintf("archives at depth %d", depth), r.dir, set)
			compareHistory(t, fmt.Sprintf("archives at depth %d", depth), r.dir, set)
		})
	}
}
