package vulndb

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// Export copies a database, a folder or a .tar file, to another folder or .tar file:
// to take it where there is no network. What is copied is verified first. What was
// at the other place is replaced in one step.
func Export(ctx context.Context, from, to string) (*Manifest, error) {
	db, err := OpenDatabase(from)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // only read from
	image, err := db.image(ctx)
	if err != nil {
		return nil, err
	}
	if !isTar(to) {
		return db.manifest, image.Install(to)
	}
	data, err := image.tar()
	if err == nil {
		err = writeSynced(to, data)
	}
	if err != nil {
		return nil, fmt.Errorf("writing database %q: %w", to, err)
	}
	return db.manifest, nil
}

// image is the whole database with the bytes of its manifest.
func (db *Database) image(ctx context.Context) (*Image, error) {
	if err := db.Verify(); err != nil {
		return nil, err
	}
	_, raw, err := readManifest(db.files)
	if err != nil {
		return nil, err
	}
	if "sha256:"+checksum(raw) != db.digest {
		return nil, errors.New("the database was replaced meanwhile: try again")
	}
	image := &Image{Manifest: db.manifest, files: make(map[string][]byte), raw: raw}
	for _, f := range db.manifest.files() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := db.mapped(f)
		if err != nil {
			return nil, err
		}
		image.files[f.Name] = data
	}
	return image, nil
}

// tar is a tar file of the database, the manifest first.
func (i *Image) tar() ([]byte, error) {
	when, err := i.Manifest.BuiltAt()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	put := func(name string, data []byte) {
		if err == nil {
			err = archive.WriteHeader(&tar.Header{
				Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o644, ModTime: when.Truncate(time.Second), Format: tar.FormatUSTAR,
			})
		}
		if err == nil {
			_, err = archive.Write(data)
		}
	}
	put(manifestFile, i.raw)
	for _, f := range i.Manifest.files() {
		put(f.Name, i.files[f.Name])
	}
	return out.Bytes(), errors.Join(err, archive.Close())
}
