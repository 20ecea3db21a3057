// Package exampleimage makes the image that examples/leaky-app/image holds: a small
// Alpine with a Node service, put together in memory, with faults that each scanner
// can find. Nothing in it comes from a network, and two builds are the same to the
// byte. Only tests use it:
//
//	go test ./internal/exampleimage -update
package exampleimage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Name is how the layout's index calls the image.
const Name = "leaky-app:1.4.0"

var (
	baseTime  = time.Date(2023, 5, 9, 23, 11, 10, 0, time.UTC)
	buildTime = time.Date(2023, 6, 14, 9, 30, 0, 0, time.UTC)
)

// step is one line of the image's history, with the files of its layer; none is a
// step that changes the configuration only.
type step struct {
	by      string
	at      time.Time
	entries []entry
}

// Build makes the image of the app, the folder examples/leaky-app.
func Build(app fs.FS) (v1.Image, error) {
	steps, err := build(app)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, s := range steps {
		add := mutate.Addendum{
			History: v1.History{CreatedBy: s.by, Created: v1.Time{Time: s.at}, EmptyLayer: s.entries == nil},
		}
		if s.at.Equal(buildTime) {
			add.History.Comment = "buildkit.dockerfile.v0"
		}
		if s.entries != nil {
			if add.Layer, err = layer(s.entries, s.at); err != nil {
				return nil, fmt.Errorf("making layer %q: %w", s.by, err)
			}
		}
		if img, err = mutate.Append(img, add); err != nil {
			return nil, fmt.Errorf("adding %q: %w", s.by, err)
		}
	}
	return configure(img)
}

// build is the second stage of the app's Dockerfile, as BuildKit's history tells it.
func build(app fs.FS) ([]step, error) {
	modules, err := nodeModules(app)
	if err != nil {
		return nil, err
	}
	copied, err := copyApp(app)
	if err != nil {
		return nil, err
	}
	return []step{
		{"/bin/sh -c #(nop) ADD file:7f1d0bd3c4d6f4b2a1e9c05e8b6a3d27 in / ", baseTime, alpineRoot()},
		{`/bin/sh -c #(nop)  CMD ["/bin/sh"]`, baseTime, nil},
		{"ENV NODE_ENV=production PORT=8080", buildTime, nil},
		{"RUN /bin/sh -c apk add curl nodejs openssh-client # buildkit", buildTime, added()},
		{"WORKDIR /srv/app", buildTime, []entry{dir("srv/", 0o755), dir("srv/app/", 0o755)}},
		{"COPY /src/node_modules ./node_modules # buildkit", buildTime, modules},
		{"COPY . . # buildkit", buildTime, copied},
		{"COPY deploy_key /root/.ssh/id_rsa # buildkit", buildTime, []entry{
			dir("root/", 0o700), dir("root/.ssh/", 0o700), file("root/.ssh/id_rsa", 0o600, deployKey()),
		}},
		{"RUN /bin/sh -c ssh-keyscan git.example.com | sort -u > /root/.ssh/known_hosts; rm /root/.ssh/id_rsa # buildkit", buildTime, []entry{
			dir("root/", 0o700), dir("root/.ssh/", 0o700), file("root/.ssh/known_hosts", 0o644, ""),
			file("root/.ssh/.wh.id_rsa", 0, ""),
		}},
		{"RUN /bin/sh -c install -m 4755 linkctl /usr/local/bin/linkctl && chmod 777 /srv/app/data # buildkit", buildTime, []entry{
			dir("srv/app/data/", 0o777), dir("usr/local/bin/", 0o755), file("usr/local/bin/linkctl", 0o4755, linkctl),
		}},
		{"EXPOSE map[22/tcp:{} 8080/tcp:{}]", buildTime, nil},
		{`CMD ["/bin/sh" "-c" "node server.js"]`, buildTime, nil},
	}, nil
}

// configure sets what a container of the image would start with: root, as there is
// no user.
func configure(img v1.Image) (v1.Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading image configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Created = v1.Time{Time: buildTime}
	config.Config = v1.Config{
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"NODE_ENV=production",
			"PORT=8080",
		},
		Cmd:          []string{"/bin/sh", "-c", "node server.js"},
		WorkingDir:   "/srv/app",
		ExposedPorts: map[string]struct{}{"22/tcp": {}, "8080/tcp": {}},
	}
	return mutate.ConfigFile(img, config)
}

// Write replaces the OCI layout in a folder
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
func Write(path string, img v1.Image) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("removing old layout: %w", err)
	}
	l, err := layout.Write(path, empty.Index)
	if err != nil {
		return fmt.Errorf("writing layout: %w", err)
	}
	if err := l.WriteImage(img); err != nil {
		return fmt.Errorf("writing image: %w", err)
	}
	manifest, err := partial.Descriptor(img)
	if err != nil {
		return fmt.Errorf("describing image: %w", err)
	}
	if err := l.AppendDescriptor(v1.Descriptor{
		MediaType: manifest.MediaType, Size: manifest.Size, Digest: manifest.Digest,
		Platform:    &v1.Platform{OS: "linux", Architecture: "amd64"},
		Annotations: map[string]string{"org.opencontainers.image.ref.name": Name},
	}); err != nil {
		return fmt.Errorf("writing index: %w", err)
	}
	// The library makes everything executable.
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(p, 0o644) //nolint:gosec // these files are public
	})
}
