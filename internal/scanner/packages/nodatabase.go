package packages

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// databases are the paths at which the package databases of distributions are, of those
// that keep one in a few files.
func databases(kind inventory.OSKind) []string {
	switch kind {
	case inventory.Deb:
		return []string{dpkgStatus}
	case inventory.APK:
		return apkDatabases()
	case inventory.RPM:
		var out []string
		for _, dir := range rpmFolders() {
			for _, name := range rpmNames() {
				out = append(out, path.Join(dir, name))
			}
		}
		return out
	}
	return nil
}

// missingDatabase says that an image names a distribution of which no package was
// read: that it has none is not believed. An error of its own says enough.
func (j *join) missingDatabase() {
	if !j.target.Kind.HasView() {
		return
	}
	if j.distro.ID == "" {
		j.unreadRelease()
		return
	}
	kind := j.distro.PackageKind()
	if kind == "" || j.hasPackages(string(kind)) {
		return
	}
	for p := range j.faulty {
		if isDatabase(p) {
			return
		}
	}
	var problem strings.Builder
	fmt.Fprintf(&problem, "%s names %s, but no package database could be read", j.release, (&brief{fmt.Errorf("%s", j.distro)}).Error())
	for _, p := range databases(kind) {
		if hint := j.leads(p); hint != "" {
			problem.WriteString(": " + hint)
			break
		}
	}
	j.res.Errors = append(j.res.Errors, problem.String())
}

// unreadRelease says that there is an os-release in a place where it is not read.
func (j *join) unreadRelease() {
	for _, p := range osReleases() {
		if hint := j.leads(p); hint != "" {
			j.res.Errors = append(j.res.Errors, "the distribution is not known: "+hint)
			return
		}
	}
}

// leads says that a path is a link to a place that nobody read; nothing otherwise.
func (j *join) leads(p string) string {
	real, e, at, ok := j.view.Resolve(p)
	if !ok || j.parts[at] != nil || e.Kind != scan.File && e.Kind != scan.Hardlink {
		return ""
	}
	if e.Kind == scan.Hardlink {
		real = e.Link
	}
	if real == p || j.faulty[real] {
		return ""
	}
	return fmt.Sprintf("%s is a link to %s, which is not read", p, (&brief{fmt.Errorf("%s", real)}).Error())
}

func (j *join) hasPackages(kind string) bool {
	return slices.ContainsFunc(j.files, func(f file) bool {
		return slices.ContainsFunc(f.Rows, func(r row) bool { return r.Kind == kind && r.Version != "" })
	})
}
