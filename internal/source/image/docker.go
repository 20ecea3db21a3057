package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const dockerManifest = "manifest.json"

// dockerImage is an entry of manifest.json.
// https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// parseDockerManifest reads manifest.json, if it is what docker save writes.
func parseDockerManifest(data []byte) ([]dockerImage, error) {
	var images []dockerImage
	if err := json.Unmarshal(data, &images); err != nil {
		return nil, fmt.Errorf("reading %s: %w", dockerManifest, err)
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("%s lists no image", dockerManifest)
	}
	for i, im := range images {
		if im.Config == "" || (im.Layers == nil && i == 0) {
			return nil, fmt.Errorf("%s: image %d has no Config or Layers", dockerManifest, i)
		}
	}
	return images, nil
}

// readDocker finds the images of a docker archive. An error names those that could
// not be opened.
func (c *catalogue) readDocker(ctx context.Context) error {
	data, err := c.document(ctx, dockerManifest, v1.Hash{})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no %s in it: it is cut off or docker save did not write it; for a tar of an image layout use %s:PATH", dockerManifest, SchemeOCIArchive)
	}
	if err != nil {
		return err
	}
	images, err := parseDockerManifest(data)
	if err != nil {
		return err
	}
	var errs problems
	for i, m := range images {
		if i >= maxImages {
			errs = append(errs, fmt.Errorf("%s lists %d images, more than %d", dockerManifest, len(images), maxImages))
			break
		}
		im, err := c.dockerImage(ctx, m)
		if err != nil {
			errs = append(errs, fmt.Errorf("image %d of %s: %w", i, dockerManifest, err))
			continue
		}
		p := platformOf(im.config, nil)
		if !c.wanted(p) {
			continue
		}
		im.platform = platformName(p)
		if err := c.add(im); err != nil {
			return append(errs, err)
		}
	}
	return errs.orNil()
}

// dockerImage reads one image. There is no manifest with digests: the digest of
// the configuration, which lists those of the layers, identifies it, as it does
// for docker itself.
func (c *catalogue) dockerImage(ctx context.Context, m dockerImage) (*found, error) {
	data, err := c.document(ctx, m.Config, digestInName(m.Config))
	if err != nil {
		return nil, fmt.Errorf("reading image configuration: %w", err)
	}
	config, err := parseConfig(data, len(m.Layers))
	if err != nil {
		return nil, err
	}
	id, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	im := &found{digest: id.String(), config: config}
	if c.named {
		im.label = c.label
	} else if len(m.RepoTags) > 0 {
		im.label = newLabel(m.RepoTags[0])
	}
	for i, file := range m.Layers {
		l := layer{file: clean(file), diffID: config.RootFS.DiffIDs[i]}
		// One that is missing is an error of its walk.
		l.size, _ = c.store.size(l.file)
		if strings.HasPrefix(l.file, "blobs/") {
			l.blob = digestInName(l.file)
		}
		im.layers = append(im.layers, l)
	}
	return im, checkLayers(im.layers)
}

// digestInName gives the digest by which a file is named: "HEX.json",
// "sha256:HEX", "blobs/sha256/HEX"; zero where it is not.
func digestInName(file string) v1.Hash {
	base := strings.TrimSuffix(path.Base(file), ".json")
	base = strings.TrimPrefix(base, "sha256:")
	h, err := v1.NewHash("sha256:" + base)
	if err != nil {
		return v1.Hash{}
	}
	return h
}
