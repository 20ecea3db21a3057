#!/usr/bin/env bash
# Prints the path of the program that this commit of the action stands for:
#
#   1. the one that $BOLTSEAL_BINARY names, a path or a name on the PATH
#   2. boltseal, on Windows boltseal.exe, beside the root's action.yml
#   3. that of the release, from $BOLTSEAL_RELEASES
#
# A program that is downloaded must have the SHA-256 that checksums.txt, which stands in
# this commit, says of it: until then it is neither run nor executable. Whatever goes
# wrong is told as an error of the job and exit code 3: no verdict.
set -euo pipefail
export LC_ALL=C
# What is downloaded is public.
unset BOLTSEAL_GITHUB_TOKEN GITHUB_TOKEN

here=$(cd "$(dirname "$0")" && pwd)
checksums=$here/checksums.txt

# No text gets out of its line, nor reads as a command of the runner.
fail() {
	local text=${1//'%'/%25}
	text=${text//$'\r'/%0D}
	text=${text//$'\n'/%0A}
	printf '::error title=boltseal::%s\n' "${text//'#'/}" >&2
	exit 3
}

# found prints a path, absolute: it is used in other folders, too.
found() {
	case $1 in
		*$'\n'* | *$'\r'*) fail 'the path of the program holds a line break' ;;
		/* | [A-Za-z]:*) printf '%s\n' "$1" ;;
		*) printf '%s\n' "$PWD/$1" ;;
	esac
	exit 0
}

sum_of() {
	if command -v sha256sum >/dev/null; then
		sha256sum <"$1" | cut -d ' ' -f 1
	elif command -v shasum >/dev/null; then
		shasum -a 256 <"$1" | cut -d ' ' -f 1
	else
		fail 'there is no sha256sum and no shasum: install one, or give the path of a boltseal as input "binary"'
	fi
}

if [ -n "${BOLTSEAL_BINARY:-}" ]; then
	# On Windows a backslash is no letter of a name.
	if command -v cygpath >/dev/null; then
		BOLTSEAL_BINARY=$(cygpath -u "$BOLTSEAL_BINARY")
	fi
	program=$(type -P -- "$BOLTSEAL_BINARY") || fail "input \"binary\" names no program: $BOLTSEAL_BINARY"
	found "$program"
fi

suffix=
os=${RUNNER_OS:-$(uname -s)}
case $os in
	Linux) os=linux ;;
	macOS | Darwin) os=darwin ;;
	Windows | MINGW* | MSYS*) os=windows suffix=.exe ;;
esac
arch=${RUNNER_ARCH:-$(uname -m)}
case $arch in
	X64 | x86_64) arch=amd64 ;;
	ARM64 | aarch64) arch=arm64 ;;
esac

beside=$here/../../boltseal$suffix
[ ! -f "$beside" ] || found "$beside"

name='' want=''
if [ -f "$checksums" ]; then
	while read -r sum file; do
		case $file in
			boltseal_*_"${os}_$arch$suffix")
				[ -z "$name" ] || fail "checksums.txt has two programs for $os/$arch"
				name=$file want=$sum
				;;
		esac
	done <"$checksums"
	[ -n "$name" ] || fail "the release has no program for $os/$arch: build one (go build ./cmd/boltseal) and give its path as input \"binary\""
else
	fail 'this commit of the action belongs to no release, so there is no program that it could vouch for: write "uses: boltseal/boltseal@" with the commit of a release, or build the program (go build ./cmd/boltseal) and give its path as input "binary"'
fi
[[ $want =~ ^[0-9a-f]{64}$ && $name =~ ^boltseal_[0-9A-Za-z.-]+_[a-z0-9]+_[a-z0-9]+(\.exe)?$ ]] || fail "checksums.txt cannot be read where it speaks of $os/$arch"
version=${name#boltseal_}
version=${version%%_*}

releases=${BOLTSEAL_RELEASES:-https://github.com/boltseal/boltseal/releases/download}
releases=${releases%/}
schemes='=https'
case $releases in
	*@*) fail 'input "releases" holds credentials: what is downloaded must be public' ;;
	http://127.0.0.1:* | http://127.0.0.1/* | http://localhost:* | http://localhost/*) schemes='=http,https' ;;
	https://*) ;;
	*) fail 'input "releases" is not https://HOST/PATH' ;;
esac
command -v curl >/dev/null || fail 'there is no curl to download the program with: install it, or give the path of a boltseal as input "binary"'

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/boltseal.XXXXXX")
program=$folder/boltseal$suffix
code=0
# -q: no configuration of the machine's can add credentials, or other addresses.
why=$(curl -q --fail --silent --show-error --location --max-redirs 5 --proto "$schemes" --proto-redir "$schemes" \
	--retry 3 --connect-timeout 30 --speed-limit 1000 --speed-time 60 --max-time 900 --max-filesize 300000000 \
	--output "$program.part" --url "$releases/v$version/$name" 2>&1) || code=$?
if [ "$code" != 0 ]; then
	rm -rf "$folder"
	fail "$name could not be downloaded from $releases/v$version: $why (curl $code); where there is no network give the path of a boltseal as input \"binary\""
fi
got=$(sum_of "$program.part")
if [ "$got" != "$want" ]; then
	size=$(wc -c <"$program.part")
	rm -rf "$folder"
	fail "$name from $releases/v$version is not the program of this action's commit and was not run: of ${size// /} bytes with SHA-256 $got, wanted is $want"
fi
chmod 0755 "$program.part"
mv "$program.part" "$program"
found "$program"
