package packages

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/cpp/conanlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dart/pubspec"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/packagesconfig"
	"github.com/google/osv-scalibr/extractor/filesystem/language/golang/gobinary"
	"github.com/google/osv-scalibr/extractor/filesystem/language/golang/gomod"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradlelockfile"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/bunlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/packagejson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/pnpmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/yarnlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/php/composerlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pdmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pipfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/poetrylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/uvlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/wheelegg"
	"github.com/google/osv-scalibr/extractor/filesystem/language/rust/cargolock"
	"github.com/google/osv-scalibr/extractor/filesystem/os/apk"
	"github.com/google/osv-scalibr/extractor/filesystem/os/dpkg"
	"github.com/google/osv-scalibr/extractor/filesystem/os/rpm"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// format is a kind of file that holds packages, or what joining them needs.
type format struct {
	name  string
	max   int64 // bytes; a larger file is an error
	match func(e *scan.Entry, head func(n int) []byte) bool
	read  func(ctx context.Context, p string, data []byte) (*part, error)
	// asked marks files that others ask for by name: an empty one has a part, too.
	asked bool
	// loose marks files that only may be of the format: another file says so.
	loose bool
	// unread marks files that are told of, and not read.
	unread bool
}

// The sizes of files that are read. Lockfiles of 100 MB and jars of 500 MB exist.
const (
	maxText     = 128 << 20
	maxSmall    = 1 << 20
	maxDatabase = 512 << 20
	maxArchive  = 512 << 20
	maxBinary   = 1 << 30
)

// The names of formats that other code asks for.
const (
	formatOSRelease  = "os-release"
	formatOwned      = "owned files"
	formatInstaller  = "INSTALLER"
	formatNPMLock    = "npm lockfile"
	formatGoMod      = "go.mod"
	formatGoSum      = "go.sum"
	formatPOM        = "pom.xml"
	formatLoose      = "included requirements"
	formatNodeModule = "node module"
	formatDistInfo   = "Python metadata"
	formatJar        = "Java archive"
	formatGoBinary   = "program"
	formatUnread     = "lockfile that is not read"
)

// treeFormats are what a work tree is read for; the first match counts.
func treeFormats(memory *inflation) []format {
	return []format{
		{name: formatNPMLock, max: maxNPMLock, match: lockNamed("package-lock.json", "npm-shrinkwrap.json"), read: readNPMLock},
		{name: "yarn.lock", max: maxText, match: lockNamed("yarn.lock"), read: shortLines(by(yarnlock.New))},
		{name: "pnpm-lock.yaml", max: maxText, match: lockNamed("pnpm-lock.yaml"), read: by(pnpmlock.New)},
		{name: formatGoMod, max: maxText, match: named("go.mod"), read: readGoMod(by(gomod.New))},
		{name: formatGoSum, max: maxText, match: named("go.sum"), read: readGoSum},
		{name: "requirements.txt", max: maxText, match: isRequirements, read: readRequirements(0), asked: true},
		{name: "poetry.lock", max: maxText, match: named("poetry.lock"), read: shallowTOML(related(by(poetrylock.New), "PyPI", poetryNeeds))},
		{name: "Pipfile.lock", max: maxText, match: named("Pipfile.lock"), read: by(pipfilelock.New)},
		{name: "uv.lock", max: maxText, match: named("uv.lock"), read: shallowTOML(related(by(uvlock.New), "PyPI", uvNeeds))},
		{name: "pdm.lock", max: maxText, match: named("pdm.lock"), read: shallowTOML(by(pdmlock.New))},
		{name: "gradle.lockfile", max: maxText, match: named("gradle.lockfile", "buildscript-gradle.lockfile"), read: by(gradlelockfile.New)},
		{name: "pylock.toml", max: maxText, match: isPylock, read: shallowTOML(by(pylock.New))},
		{name: "bun.lock", max: maxText, match: lockNamed("bun.lock"), read: by(bunlock.New)},
		{name: "Cargo.lock", max: maxText, match: lockNamed("Cargo.lock"), read: shallowTOML(related(by(cargolock.New), "crates.io", cargoNeeds))},
		{name: "Gemfile.lock", max: maxText, match: lockNamed("Gemfile.lock", "gems.locked"), read: related(readGemfileLock(), "RubyGems", gemNeeds)},
		{name: "composer.lock", max: maxText, match: lockNamed("composer.lock"), read: related(readComposerLock(by(composerlock.New)), "Packagist", composerNeeds)},
		{name: "packages.lock.json", max: maxText, match: lockNamed("packages.lock.json"), read: readNuGetLock},
		{name: "packages.config", max: maxText, match: lockNamed("packages.config"), read: by(packagesconfig.New)},
		{name: "paket.lock", max: maxText, match: lockNamed("paket.lock"), read: readPaketLock()},
		{name: "pubspec.lock", max: maxText, match: lockNamed("pubspec.lock"), read: readPubspec(by(pubspec.New))},
		{name: "mix.lock", max: maxText, match: lockNamed("mix.lock"), read: readMixLock()},
		{name: "rebar.lock", max: maxText, match: lockNamed("rebar.lock"), read: readRebarLock()},
		{name: "cabal.project.freeze", max: maxText, match: lockNamed("cabal.project.freeze"), read: readCabalFreeze()},
		{name: "stack.yaml.lock", max: maxText, match: lockNamed("stack.yaml.lock"), read: readStackLock()},
		{name: "renv.lock", max: maxText, match: lockNamed("renv.lock"), read: readRenvLock},
		{name: "Manifest.toml", max: maxJulia, match: isJuliaManifest, read: shallowTOML(related(readJuliaManifest, kindJulia, juliaNeeds))},
		{name: "Package.resolved", max: maxText, match: lockNamed("Package.resolved"), read: readSwiftResolved},
		{name: "Podfile.lock", max: maxText, match: lockNamed("Podfile.lock"), read: related(readPodfileLock, kindCocoaPods, podNeeds)},
		{name: "opam.locked", max: maxText, match: isOpamLocked, read: readOpamLocked},
		{name: "cpanfile.snapshot", max: maxText, match: lockNamed("cpanfile.snapshot"), read: readCPANSnapshot},
		{name: "deno.lock", max: maxNPMLock, match: lockNamed("deno.lock"), read: readDenoLock},
		{name: "Gleam's manifest.toml", max: maxText, match: lockNamed("manifest.toml"), read: shallowTOML(related(readGleamManifest, "Hex", gleamNeeds))},
		{name: "conan.lock", max: maxText, match: lockNamed("conan.lock"), read: by(conanlock.New)},
		{name: formatUnread, match: lockNamed(unreadLocks()...), unread: true},
		{name: formatPOM, max: maxText, match: named("pom.xml"), read: readPOM},
		{name: formatJar, max: maxArchive, match: isJar, read: readJar(memory)},
		{name: "Electron archive", max: maxArchive, match: isAsar, read: readAsar},
		{name: formatGoBinary, max: maxBinary, match: isExecutable, read: readProgram(readGoBinary(by(gobinary.New)))},
		{name: formatLoose, max: maxSmall, match: isLooseRequirements, read: readRequirements(maxLoose), asked: true, loose: true},
	}
}

// imageFormats are what an image's layers are read for.
func imageFormats(memory *inflation) []format {
	return []format{
		{name: formatOSRelease, max: maxSmall, match: isOSRelease, read: readOSRelease},
		{name: "dpkg status", max: maxDatabase, match: isDpkgStatus, read: readDpkg(by(dpkg.New))},
		{name: "apk database", max: maxDatabase, match: at(apkDatabases()...), read: readAPK(by(apk.New))},
		{name: "rpm database", max: maxDatabase, match: isRPMDatabase, read: readRPM(by(rpm.New))},
		{name: "pacman package", max: maxText, match: isPacmanDesc, read: readPacman},
		{name: "portage package", max: maxSmall, match: isPortagePackage, read: readPortage},
		{name: formatOwned, max: maxText, match: isOwnedList, read: readOwned},
		{name: formatNodeModule, max: maxText, match: isNodeModule, read: licensed(readNodeModule(by(packagejson.New)), npmLicences)},
		{name: formatDistInfo, max: maxText, match: isDistInfo, read: licensed(by(wheelegg.New), pythonLicence)},
		{name: "gemspec", max: maxSmall, match: isGemspec, read: licensed(readGemspec, gemLicence)},
		{name: "R package", max: maxSmall, match: isRDescription, read: readRDescription},
		{name: "opam switch", max: maxText, match: isOpamSwitch, read: readOpamSwitch},
		{name: "conda package", max: maxText, match: isConda, read: readConda},
		{name: "CPAN distribution", max: maxText, match: isCPANInstalled, read: readCPANInstalled},
		{name: "rockspec", max: maxSmall, match: isRockspec, read: readRockspec},
		{name: "Julia package", max: maxSmall, match: isJuliaProject, read: shallowTOML(readJuliaProject)},
		{name: "Composer's installed.json", max: maxText, match: isComposerInstalled, read: readComposerInstalled},
		{name: ".NET deps.json", max: maxText, match: isDepsJSON, read: readDepsJSON},
		{name: "chisel manifest", max: maxText, match: at(chiselManifest), read: readChisel},
		{name: formatInstaller, max: maxSmall, match: isInstaller, read: readInstaller},
		{name: formatJar, max: maxArchive, match: isJar, read: readJar(memory)},
		{name: "Electron archive", max: maxArchive, match: isAsar, read: readAsar},
		{name: formatGoBinary, max: maxBinary, match: isExecutable, read: readProgram(readGoBinary(by(gobinary.New)))},
	}
}

// unreadLocks are lockfiles of kinds that are not read yet.
func unreadLocks() []string {
	return []string{
		"Cartfile.resolved", "bun.lockb", "verification-metadata.xml",
	}
}

// at matches exact paths.
func at(paths ...string) func(*scan.Entry, func(int) []byte) bool {
	return func(e *scan.Entry, _ func(int) []byte) bool { return slices.Contains(paths, e.Path) }
}

// named matches file names.
func named(names ...string) func(*scan.Entry, func(int) []byte) bool {
	return func(e *scan.Entry, _ func(int) []byte) bool { return slices.Contains(names, path.Base(e.Path)) }
}

// lockNamed matches file names, but not of modules that are installed in the tree:
// their lockfiles are their authors' business.
func lockNamed(names ...string) func(*scan.Entry, func(int) []byte) bool {
	byName := named(names...)
	return func(e *scan.Entry, head func(int) []byte) bool {
		return byName(e, head) && !slices.Contains(strings.Split(e.Path, "/"), "node_modules")
	}
}

// isPylock matches "pylock.toml" and "pylock.NAME.toml".
// https://packaging.python.org/en/latest/specifications/pylock-toml/
func isPylock(e *scan.Entry, _ func(int) []byte) bool {
	matched, err := path.Match("pylock.*.toml", path.Base(e.Path))
	return path.Base(e.Path) == "pylock.toml" || err == nil && matched
}

func isRequirements(e *scan.Entry, _ func(int) []byte) bool {
	dir, name := path.Split(e.Path)
	return strings.HasSuffix(name, ".txt") &&
		(strings.Contains(name, "requirements") || path.Base(dir) == "requirements")
}

// isLooseRequirements matches what a requirements file may include.
func isLooseRequirements(e *scan.Entry, _ func(int) []byte) bool {
	switch path.Ext(e.Path) {
	case ".txt", ".pip", ".req":
		return true
	case ".in": // what others write into .in files is no requirement
		dir, name := path.Split(e.Path)
		return strings.Contains(name, "requirements") || path.Base(dir) == "requirements"
	}
	return false
}

var archiveSuffixes = []string{".jar", ".war", ".ear", ".jmod", ".par", ".sar", ".jpi", ".hpi", ".lpkg", ".nar"}

func isArchiveName(name string) bool {
	return slices.Contains(archiveSuffixes, strings.ToLower(path.Ext(name)))
}

func isJar(e *scan.Entry, _ func(int) []byte) bool { return isArchiveName(e.Path) }

// minBinary is smaller than any Go program.
const minBinary = 64 << 10

// isExecutable matches ELF, PE and Mach-O files that can be run. A link has no name
// that says so, and every mode.
func isExecutable(e *scan.Entry, head func(int) []byte) bool {
	windows := strings.HasSuffix(e.Path, ".exe")
	if e.Kind != scan.File || (e.Mode&0o111 == 0 && !windows) || e.Size < minBinary {
		return false
	}
	h := head(4)
	if slices.Contains([]string{"\x7fELF", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"}, string(h)) {
		return true
	}
	return bytes.HasPrefix(h, []byte("MZ"))
}

func isOSRelease(e *scan.Entry, _ func(int) []byte) bool {
	return path.Base(e.Path) == "os-release" && (strings.HasPrefix(e.Path, "etc/") || strings.HasPrefix(e.Path, "usr/lib/"))
}

const (
	dpkgStatus  = "var/lib/dpkg/status"
	dpkgStatusD = "var/lib/dpkg/status.d/"
	dpkgInfo    = "var/lib/dpkg/info/"
	md5sums     = ".md5sums"
)

func isDpkgStatus(e *scan.Entry, _ func(int) []byte) bool {
	return e.Path == dpkgStatus || strings.HasPrefix(e.Path, dpkgStatusD) && !strings.HasSuffix(e.Path, md5sums)
}

func isRPMDatabase(e *scan.Entry, _ func(int) []byte) bool {
	dir, name := path.Split(e.Path)
	return slices.Contains(rpmFolders(), dir) && slices.Contains(rpmNames(), name)
}

func rpmFolders() []string {
	return []string{"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"}
}

func rpmNames() []string { return []string{"Packages", "Packages.db", "rpmdb.sqlite"} }

func apkDatabases() []string {
	return []string{"lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/apk/db/installed"}
}

func osReleases() []string { return []string{"etc/os-release", "usr/lib/os-release"} }

// isNodeModule matches the package.json of an installed module, and none of those
// that lie deeper inside it.
func isNodeModule(e *scan.Entry, _ func(int) []byte) bool { return isNodeModulePath(e.Path) }

func isNodeModulePath(p string) bool {
	dir, ok := strings.CutSuffix(p, "/package.json")
	if !ok {
		return false
	}
	dir = path.Dir(dir)
	if strings.HasPrefix(path.Base(dir), "@") {
		dir = path.Dir(dir)
	}
	return path.Base(dir) == "node_modules"
}

func isDistInfo(e *scan.Entry, _ func(int) []byte) bool { return isDistInfoPath(e.Path) }

func isDistInfoPath(p string) bool {
	for _, suffix := range []string{".dist-info/METADATA", ".egg-info/PKG-INFO", "EGG-INFO/PKG-INFO", ".egg-info", ".egg"} {
		if strings.HasSuffix(p, suffix) {
			return true
		}
	}
	return false
}

func isInstaller(e *scan.Entry, _ func(int) []byte) bool {
	return strings.HasSuffix(e.Path, ".dist-info/INSTALLER")
}

// isLFSPointer says that git keeps the content elsewhere
// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
func isLFSPointer(data []byte) bool {
	return len(data) < 1024 && bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/"))
}

func readOSRelease(_ context.Context, _ string, data []byte) (*part, error) {
	d := inventory.ParseOSRelease(data)
	return &part{Distro: &d}, nil
}
