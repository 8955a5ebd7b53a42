# SPDX-License-Identifier: MIT
# Debian systems in a folder, for tests that need a clean machine or newer software. Sourced by bash.
#
# It asks the machine's own apt which mirror, proxy and certificates to use and names none. Nothing here mounts
# anything in the caller's view: each command runs in a mount and process namespace of its own, so that neither a
# mount nor a process outlives it, however it ends.

chroot_need_root() {
    [ "$(id -u)" = 0 ] && return 0
    echo "not ok - $1 needs root: it makes a Debian system in a folder (debootstrap, chroot)"
    return 1
}

# The Debian repositories that apt on this machine uses, as "URI RELEASE" lines.
chroot_repositories() {
    local list
    list=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null)
    if ! grep -q '^Debian ' <<<"$list"; then # the lists were never fetched
        apt-get -qq update >/dev/null 2>&1
        list=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages')
    fi
    sed -n 's/^Debian \(.*\) main$/\1/p' <<<"$list" | sort -u
}

chroot_mirror() {
    local codename
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    chroot_repositories | sed -n "s/^\(.*\) $codename\$/\1/p" | head -n 1
}

# Makes DIR a minimal SUITE, with EXTRA packages (comma separated); what debootstrap says goes to DIR.log.
chroot_make() { # SUITE DIR EXTRA
    local suite=$1 dir=$2 mirror proxy
    mirror=$(chroot_mirror)
    if [ -z "$mirror" ]; then
        echo "no Debian mirror found in this machine's apt configuration" >&2
        return 1
    fi
    proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
    rm -rf "$dir"
    mkdir -p "$dir"
    if ! env ${proxy:+http_proxy="$proxy"} debootstrap --variant=minbase ${3:+--include="$3"} \
        "$suite" "$dir" "$mirror" >"$dir.log" 2>&1; then
        echo "debootstrap of $suite failed; the mirror may be out of reach. Its last words:" >&2
        tail -n 8 "$dir.log" >&2
        return 1
    fi
    chroot_configure "$suite" "$dir"
}

# Gives the new system this machine's way to the network: repositories, proxy, certificates, names.
chroot_configure() { # SUITE DIR
    local suite=$1 dir=$2 codename uri release
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    while read -r uri release; do
        [ "$suite" != sid ] || [ "$release" = "$codename" ] || continue
        echo "deb $uri ${release/#$codename/$suite} main"
    done < <(chroot_repositories) >"$dir/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Check)[:-]' >"$dir/etc/apt/apt.conf.d/90host" || true
    mkdir -p "$dir/usr/local/share/ca-certificates"
    cp -rL /usr/local/share/ca-certificates/. "$dir/usr/local/share/ca-certificates/" 2>/dev/null || true
    cp -L /etc/resolv.conf /etc/hosts "$dir/etc/" 2>/dev/null || true
    printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d" # no service starts in there
    chmod 755 "$dir/usr/sbin/policy-rc.d"
}

# The environment of commands in there: clean, but for the way to npm's registry.
chroot_environment() {
    local registry name
    printf '%s\n' HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8
    for name in http_proxy https_proxy no_proxy; do [ -z "${!name-}" ] || printf '%s=%s\n' "$name" "${!name}"; done
    registry=$(npm config get registry 2>/dev/null)
    case $registry in http*) printf 'npm_config_registry=%s\n' "$registry" ;; esac
    if [ -n "$(ls -A /usr/local/share/ca-certificates 2>/dev/null)" ]; then
        printf '%s=/etc/ssl/certs/ca-certificates.crt\n' NODE_EXTRA_CA_CERTS npm_config_cafile
    fi
}

# Becomes a command in DIR. Whoever kills this process ends everything that the command started; it must be
# SIGKILL, unshare ignores the softer ones. The first process in there is a shell that waits for the command:
# some programs behave differently as process 1.
chroot_exec() { # DIR COMMAND...
    local dir=$1 environment
    shift
    mapfile -t environment < <(chroot_environment)
    # shellcheck disable=SC2016
    exec unshare --mount --pid --fork --kill-child -- bash -c '
        dir=$1; shift
        mount -t proc proc "$dir/proc" && mount -t devpts -o newinstance,ptmxmode=666 devpts "$dir/dev/pts" &&
            mount -t tmpfs tmpfs "$dir/dev/shm" && mount --bind "$dir/dev/pts/ptmx" "$dir/dev/ptmx" || exit 125
        chroot "$dir" env -i "$@"
        exit $?' chroot "$dir" "${environment[@]}" "$@"
}

chroot_run() { (chroot_exec "$@"); }
