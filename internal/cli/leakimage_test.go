package cli_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// imageFile is an entry of a layer.
type imageFile struct {
	name, data string
	kind       byte
	mode       int64
}

func layerOf(t *testing.T, files ...imageFile) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Typeflag: f.kind, Mode: f.mode, Size: int64(len(f.data))}
		switch f.kind {
		case 0:
			h.Typeflag = tar.TypeReg
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname, h.Size = f.data, 0
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, f.data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipOf is an archive of one member.
func zipOf(t *testing.T, name, data string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = io.WriteString(w, data)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// leakImage writes what docker save would, with a secret in everything that an
// image holds, and gives it as a target.
func leakImage(t *testing.T, p *plants, out string) string {
	t.Helper()
	zipped := zipOf(t, p.at("archive: name of a member")+".txt", p.at("archive: member")+"\n")
	layers := [][]byte{
		layerOf(t,
			imageFile{name: "etc/os-release", data: "ID=alpine\nVERSION_ID=\"3.18.0 " + p.at("layer: os-release") + "\"\nPRETTY_NAME=\"" + p.at("layer: name of the distribution") + "\"\n"},
			imageFile{name: "etc/passwd", data: "root:x:0:0::/:/bin/sh\n" + p.at("layer: passwd") + ":x:0:0::/:/bin/sh\n"},
			imageFile{name: "lib/apk/db/installed", data: "P:" + p.at("layer: package") + "\nV:" + p.at("layer: version of a package") + "\nL:" + p.at("layer: license") + "\n\n"},
			imageFile{name: "var/lib/dpkg/status", data: "Package: " + p.at("layer: dpkg") + "\nStatus: install ok installed\nVersion: 1\n\n"},
			imageFile{name: "root/.env", data: "TOKEN=" + p.at("layer: file") + "\n"},
			imageFile{name: "root/.ssh/id_rsa", data: "-----BEGIN " + "RSA PRIVATE KEY-----\n" + p.at("layer: key") + strings.Repeat("MIIabc0/", 20) + "\n-----END " + "RSA PRIVATE KEY-----\n"},
			imageFile{name: "root/deleted.txt", data: p.at("layer: deleted file") + "\n"},
			imageFile{name: "root/changed.txt", data: p.at("layer: overwritten file") + "\n"},
			imageFile{name: "usr/bin/" + p.at("layer: name of a setuid file"), data: "x", mode: 0o4755},
			imageFile{name: "root/" + p.at("layer: name of a link"), data: "/" + p.at("layer: link"), kind: tar.TypeSymlink},
			imageFile{name: "root/hard" + p.at("layer: name of a hard link"), data: "missing/" + p.at("layer: hard link"), kind: tar.TypeLink},
			imageFile{name: "srv/" + p.at("layer: folder") + "/package-lock.json", data: "{" + p.at("layer: broken lockfile")},
			imageFile{name: "srv/a.zip", data: zipped},
			imageFile{name: "root/.bash_history", data: "login " + p.at("layer: shell history") + "\n"},
			imageFile{name: "root/.docker/config.json", data: "{\"auths\": {\"x.example\": {\"auth\": \"" + p.at("layer: docker config") + "\"}}}"},
			imageFile{name: "srv/.git/config", data: "[remote \"o\"]\n\turl = https://" + p.at("layer: git remote") + "@x.example/r\n"},
			imageFile{name: "../" + p.at("layer: name that climbs"), data: "x"},
		),
		layerOf(t,
			imageFile{name: "root/.wh.deleted.txt"},
			imageFile{name: "root/changed.txt", data: "nothing\n"},
			imageFile{name: "root/.wh." + p.at("layer: whiteout")},
		),
	}
	config := map[string]any{
		"os": "linux", "architecture": "amd64", "author": p.at("image: author"),
		"config": map[string]any{
			"Env": []string{"PATH=/bin", "TOKEN=" + p.at("image: variable"), p.at("image: name of a variable") + "=x"}, "User": p.at("image: user"),
			"Entrypoint": []string{"/bin/app", p.at("image: entrypoint")}, "Cmd": []string{p.at("image: command")},
			"Labels":  map[string]string{"token": p.at("image: label"), p.at("image: name of a label"): "x"},
			"OnBuild": []string{"RUN " + p.at("image: trigger")}, "WorkingDir": "/" + p.at("image: working directory"),
			"Volumes": map[string]any{"/" + p.at("image: volume"): map[string]any{}}, "ExposedPorts": map[string]any{"22/tcp": map[string]any{}, p.at("image: port"): map[string]any{}},
			"StopSignal": p.at("image: signal"), "Healthcheck": map[string]any{"Test": []string{"CMD-SHELL", "curl " + p.at("image: healthcheck")}},
		},
		"history": []map[string]any{
			{"created_by": "RUN TOKEN=" + p.at("image: history") + " make", "comment": p.at("image: comment"), "author": p.at("image: author of a step")},
			{"created_by": "COPY " + p.at("image: second step") + " /"},
			{"created_by": "ENV X=" + p.at("image: empty step"), "empty_layer": true},
		},
	}
	var ids, names []string
	var files []imageFile
	for i, l := range layers {
		sum := sha256.Sum256(l)
		ids = append(ids, "sha256:"+hex.EncodeToString(sum[:]))
		names = append(names, string(rune('a'+i))+"/layer.tar")
		files = append(files, imageFile{name: names[i], data: string(l)})
	}
	config["rootfs"] = map[string]any{"type": "layers", "diff_ids": ids}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"x.example/" + strings.ToLower(p.at("image: name")) + ":1"}, "Layers": names}})
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, imageFile{name: "config.json", data: string(data)}, imageFile{name: "manifest.json", data: string(manifest)})
	name := filepath.Join(out, "image-"+p.at("image: name of the archive")+".tar")
	if err := os.WriteFile(name, layerOf(t, files...), 0o600); err != nil {
		t.Fatal(err)
	}
	return "docker-archive:" + name
}
