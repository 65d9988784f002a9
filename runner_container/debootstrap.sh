#!/bin/bash
# Builds the base of the runner image from Debian's packages, for machines without access to an image registry:
#
#     runner_container/debootstrap.sh <file.tar> [architecture]
#
# The result matches `debian:trixie-slim`: debootstrap's `minbase` variant with updates, without documentation, manual pages,
# and translations, and with the same dpkg and apt settings (https://github.com/debuerreotype/debuerreotype,
# `.slimify-excludes` and `debuerreotype-minimizing-config`). Only tests and CI use it; a deployment pulls the official image.
#
# It needs root, debootstrap, and Debian's archive keys. It uses the mirror of this machine's apt; if apt is not set up for Debian,
# set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR.

set -euo pipefail

readonly SUITE=trixie
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { echo "debootstrap.sh: $*" >&2; exit 1; }

# $1: the label of a Debian archive (Release file, field Label). Prints the URL from which apt reads it.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" 2> /dev/null | sort -u | head -1
}

[[ $# -ge 1 ]] || fail "usage: debootstrap.sh <file.tar> [architecture]"
[[ $EUID -eq 0 ]] || fail "needs root: run it with sudo, or build on a machine with access to the registry of debian:trixie-slim"
command -v debootstrap > /dev/null || fail "debootstrap is not installed; install it (Debian: apt install debootstrap)"
[[ -r $KEYRING ]] || fail "$KEYRING is missing; install the package debian-archive-keyring"
output=$(realpath -m "$1")
architecture=${2:-$(dpkg --print-architecture)}
main=${DEBIAN_MIRROR:-$(mirror Debian)}
security=${DEBIAN_SECURITY_MIRROR:-$(mirror Debian-Security)}
[[ -n $main && -n $security ]] || fail "apt has no Debian mirror on this machine; run apt-get update, or set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR"

mkdir -p "$(dirname "$output")"
root=$(mktemp -d "$(dirname "$output")/base.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"

debootstrap --variant=minbase --arch="$architecture" --keyring="$KEYRING" "$SUITE" "$root" "$main" > "$output.log" 2>&1 \
    || { tail -20 "$output.log" >&2; fail "debootstrap failed; see its log, $output.log"; }

cat > "$root/etc/apt/sources.list.d/debian.sources" <<SOURCES
Types: deb
URIs: ${main%/}
Suites: $SUITE $SUITE-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: ${security%/}
Suites: $SUITE-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
rm -f "$root/etc/apt/sources.list"

cat > "$root/etc/dpkg/dpkg.cfg.d/docker" <<'DPKG'
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
DPKG
cat > "$root/etc/apt/apt.conf.d/docker" <<'APT'
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Apt::AutoRemove::SuggestsImportant "false";
APT

# Packages must not start services, here or in an image that is built on this one.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

export DEBIAN_FRONTEND=noninteractive LC_ALL=C
{
    chroot "$root" apt-get update
    chroot "$root" apt-get dist-upgrade --yes
    chroot "$root" apt-get clean
} >> "$output.log" 2>&1 || { tail -20 "$output.log" >&2; fail "the upgrade failed; see its log, $output.log"; }

# Remove what was unpacked before dpkg was configured, and what differs from one run to the next.
find "$root/usr/share/doc" ! -type d ! -name copyright -delete
find "$root/usr/share/doc" -type d -empty -delete
rm -rf "$root"/usr/share/{groff,info,linda,lintian,locale,man}/*
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/{apt,debconf,ldconfig}/* "$root"/var/log/* "$root"/tmp/* "$root"/run/*
: > "$root/etc/machine-id"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"

tar --create --numeric-owner --sort=name --one-file-system --directory "$root" --file "$output.part" .
mv "$output.part" "$output"
echo "$output: $SUITE for $architecture, $(du -m "$output" | cut -f1) MiB"
