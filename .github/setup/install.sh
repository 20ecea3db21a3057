#!/usr/bin/env bash
# Puts the program that obtain.sh finds on the PATH of the steps that follow, under its
# own name: see action.yml beside it.
set -euo pipefail
export LC_ALL=C

program=$(bash "$(dirname "$0")/obtain.sh")
folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/boltseal.XXXXXX")
case $program in
	*.exe) own=boltseal.exe ;;
	*) own=boltseal ;;
esac
cp -- "$program" "$folder/$own"
chmod 0755 "$folder/$own"
# On Windows these paths are for other shells, too.
if command -v cygpath >/dev/null; then
	folder=$(cygpath -w "$folder")
fi
printf '%s\n' "$folder" >>"$GITHUB_PATH"
printf 'binary=%s\n' "$folder/$own" >>"$GITHUB_OUTPUT"
