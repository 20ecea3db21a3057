package exampleimage

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// apk is a package of the database.
type apk struct {
	name, version, origin, license, about string
	files                                 []string // that it owns
}

// base is what Alpine 3.18.0 came with, as far as the example needs it.
var base = []apk{
	{"alpine-baselayout", "3.4.3-r1", "alpine-baselayout", "GPL-2.0-only", "Alpine base dir structure and init scripts", []string{"etc/group", "etc/passwd"}},
	{"alpine-keys", "2.4-r1", "alpine-keys", "MIT", "Public keys for Alpine Linux packages", nil},
	{"alpine-release", "3.18.0-r0", "alpine-base", "MIT", "Alpine release data", []string{"etc/alpine-release", "etc/os-release"}},
	{"apk-tools", "2.14.0-r0", "apk-tools", "GPL-2.0-only", "Alpine Package Keeper", nil},
	{"busybox", "1.36.0-r9", "busybox", "GPL-2.0-only", "Size optimized toolbox of many common UNIX utilities", []string{"bin/busybox"}},
	{"ca-certificates-bundle", "20230506-r0", "ca-certificates", "MPL-2.0 AND MIT", "Pre generated bundle of Mozilla certificates", nil},
	{"libcrypto3", "3.1.0-r4", "openssl", "Apache-2.0", "Crypto library from openssl", nil},
	{"libssl3", "3.1.0-r4", "openssl", "Apache-2.0", "SSL shared libraries", nil},
	{"musl", "1.2.4-r0", "musl", "MIT", "The musl C library (libc) implementation", nil},
	{"zlib", "1.2.13-r1", "zlib", "Zlib", "A compression and decompression library", nil},
}

// more is what the Dockerfile's apk add brought.
var more = []apk{
	{"curl", "8.1.2-r0", "curl", "curl", "URL retrieval utility and library", nil},
	{"libcurl", "8.1.2-r0", "curl", "curl", "The multiprotocol file transfer library", nil},
	{"nghttp2-libs", "1.53.0-r0", "nghttp2", "MIT", "HTTP/2 library", nil},
	{"nodejs", "18.16.0-r1", "nodejs", "MIT", "JavaScript runtime built on the V8 engine", nil},
	{"openssh-client-default", "9.3_p1-r3", "openssh", "SSH-OpenSSH", "OpenBSD's SSH client", nil},
}

const osRelease = `NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.18.0
PRETTY_NAME="Alpine Linux v3.18"
HOME_URL="https://alpinelinux.org/"
BUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"
`

// alpineRoot is a root file system with everything that a scanner reads, and a
// line of text where a program would be.
func alpineRoot() []entry {
	return []entry{
		dir("bin/", 0o755),
		file("bin/busybox", 0o755, "the example needs no programs\n"),
		symlink("bin/sh", "/bin/busybox"),
		dir("etc/", 0o755),
		file("etc/alpine-release", 0o644, "3.18.0\n"),
		dir("etc/apk/", 0o755),
		file("etc/apk/repositories", 0o644, "https://dl-cdn.alpinelinux.org/alpine/v3.18/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.18/community\n"),
		file("etc/group", 0o644, "root:x:0:root\nnobody:x:65534:\n"),
		symlink("etc/os-release", "../usr/lib/os-release"),
		file("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"),
		dir("lib/", 0o755),
		dir("lib/apk/", 0o755),
		dir("lib/apk/db/", 0o755),
		file("lib/apk/db/installed", 0o644, database(base)),
		dir("root/", 0o700),
		dir("tmp/", 0o1777),
		dir("usr/", 0o755),
		dir("usr/lib/", 0o755),
		file("usr/lib/os-release", 0o644, osRelease),
		dir("usr/local/", 0o755),
		dir("usr/local/bin/", 0o755),
		dir("var/", 0o755),
		dir("var/cache/", 0o755),
		dir("var/cache/apk/", 0o755),
	}
}

// added is what apk add changes: the database as a whole, and a package index that
// --no-cache would not have left behind.
func added() []entry {
	return []entry{
		dir("lib/apk/db/", 0o755),
		file("lib/apk/db/installed", 0o644, database(append(slices.Clip(base), more...))),
		dir("var/cache/apk/", 0o755),
		file("var/cache/apk/APKINDEX.b89edf6e", 0o644, strings.Repeat("P:leftover of a package index\n", 40)),
	}
}

// database writes packages as apk does
// (https://wiki.alpinelinux.org/wiki/Apk_spec#Syntax).
func database(packages []apk) string {
	var b strings.Builder
	for _, p := range packages {
		sum := sha256.Sum256([]byte(p.name + p.version)) // as long as the SHA-1 that stands there
		fmt.Fprintf(&b, "C:Q1%s\nP:%s\nV:%s\nA:x86_64\n", base64.StdEncoding.EncodeToString(sum[:20]), p.name, p.version)
		fmt.Fprintf(&b, "T:%s\nU:https://alpinelinux.org/\nL:%s\no:%s\nm:Alpine <alpine@example.com>\n", p.about, p.license, p.origin)
		for _, f := range p.files {
			i := strings.LastIndexByte(f, '/')
			fmt.Fprintf(&b, "F:%s\nR:%s\n", f[:i], f[i+1:])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
