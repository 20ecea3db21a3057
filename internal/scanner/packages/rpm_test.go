package packages_test

import (
	"database/sql"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// rpmTag is a field of an rpm header
// (https://rpm-software-management.github.io/rpm/manual/tags.html).
type rpmTag struct {
	tag, kind uint32
	data      []byte
}

func rpmString(tag uint32, s string) rpmTag { return rpmTag{tag, 6, append([]byte(s), 0)} }

// rpmHeader writes a header as the database keeps it: counts, index, data. Its
// first entry is the region over all of them, whose trailer stands in the data.
func rpmHeader(tags ...rpmTag) []byte {
	var index, data []byte
	add := func(tag, kind, offset, count uint32) {
		for _, n := range []uint32{tag, kind, offset, count} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
	}
	var rest []byte
	for _, t := range tags {
		for t.kind == 4 && len(rest)%4 != 0 {
			rest = append(rest, 0)
		}
		offset := uint32(len(rest))
		rest = append(rest, t.data...)
		add(t.tag, t.kind, offset, 1)
	}
	total := uint32(len(tags) + 1)
	trailer := uint32(len(rest))
	data = rest
	for _, n := range []uint32{63, 7, ^uint32(0) - total*16 + 1, 16} {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	var region []byte
	for _, n := range []uint32{63, 7, trailer, 16} {
		region = binary.BigEndian.AppendUint32(region, n)
	}
	var out []byte
	out = binary.BigEndian.AppendUint32(out, total)
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	return append(append(append(out, region...), index...), data...)
}

// rpmDatabase makes an rpmdb.sqlite with the driver that the library brings along.
func rpmDatabase(t *testing.T, headers ...[]byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		if _, err := db.Exec("INSERT INTO Packages (blob) VALUES (?)", h); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRPMImage(t *testing.T) {
	pkg := func(name, version, release, source string, epoch uint32) []byte {
		tags := []rpmTag{
			rpmString(1000, name), rpmString(1001, version), rpmString(1002, release),
			rpmString(1014, "ASL 2.0"), rpmString(1022, "x86_64"), rpmString(1044, source),
		}
		if epoch > 0 {
			tags = append(tags, rpmTag{1003, 4, binary.BigEndian.AppendUint32(nil, epoch)})
		}
		return rpmHeader(tags...)
	}
	db := rpmDatabase(t,
		pkg("openssl-libs", "3.0.7", "24.el9", "openssl-3.0.7-24.el9.src.rpm", 1),
		pkg("bash", "5.1.8", "6.el9", "bash-5.1.8-6.el9.src.rpm", 0),
		pkg("gpg-pubkey", "b86b3716", "61e69f29", "(none)", 0),
	)
	res := run(t, scantest.Image("x", nil, layer("FROM",
		scantest.Text("etc/os-release", "ID=\"almalinux\"\nVERSION_ID=\"9.3\"\n"),
		scantest.Text("var/lib/rpm/rpmdb.sqlite", string(db)),
		scantest.Text("usr/lib/python3.9/site-packages/idna-3.4.dist-info/METADATA", "Name: idna\nVersion: 3.4\n"),
		scantest.Text("usr/lib/python3.9/site-packages/idna-3.4.dist-info/INSTALLER", "rpm\n"),
		scantest.Text("usr/local/lib/python3.9/site-packages/six-1.0.dist-info/METADATA", "Name: six\nVersion: 1.0\n"),
		scantest.Text("usr/local/lib/python3.9/site-packages/six-1.0.dist-info/INSTALLER", "pip\n"))),
		packages.Options{DB: advisories(t)})
	same(t, "packages", []string{
		"AlmaLinux:9 bash 5.1.8-6.el9: FROM", "AlmaLinux:9 openssl-libs 1:3.0.7-24.el9: FROM", "PyPI six 1.0: FROM",
	}, where(res))
	if len(res.Packages) < 2 {
		t.Fatalf("status %s: %s", res.Status, res.Reason)
	}
	same(t, "purl", "pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=almalinux-9.3&epoch=1", res.Packages[1].PURL)
	same(t, "licences", []string{"ASL 2.0"}, res.Packages[1].Licenses)
	same(t, "source", "openssl 1:3.0.7-24.el9", res.Packages[1].Source.Name+" "+res.Packages[1].Source.Version)
	if res.Status != finding.StatusOK {
		t.Errorf("status %s: %s", res.Status, res.Reason)
	}
}
