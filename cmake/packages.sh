# Sourced by ./start and ./check: the Debian packages that the tree needs, and how to get the missing ones.
# shellcheck shell=bash

packages_to_build=(
    g++ cmake ninja-build ccache
    libfmt-dev libexpected-dev libboost-dev libssl-dev zlib1g-dev
    libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
    libsqlite3-dev libsqlitecpp-dev libncurses-dev libcli11-dev
)
packages_to_run=(python3)
packages_to_test=(
    python3 libboost-test-dev nlohmann-json3-dev
    clang libclang-rt-14-dev clang-format clang-tidy
    mandoc logrotate systemd tmux python3-pyte python3-grpcio python3-protobuf procps iproute2 util-linux binutils
    w3m munin-plugins-core libwww-perl prometheus-apache-exporter
)

missing_packages() {  # PACKAGE...: those that are not installed, one a line
    local installed
    installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' 2>/dev/null) "
    local package
    for package in "$@"; do
        [[ $installed == *" installed=$package "* ]] || echo "$package"
    done
}

as_root() {  # prints the words that make a command run as root; fails when there is no way
    if [ "$(id -u)" -eq 0 ]; then
        echo env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        echo "sudo -n env"
    elif command -v sudo >/dev/null && [ -t 0 ] && [ -z "${CI:-}" ]; then
        echo "sudo env"
    else
        return 1
    fi
}

apt_install() {  # ROOT_WORDS PACKAGE...
    local root=$1
    shift
    local get=("DEBIAN_FRONTEND=noninteractive" apt-get -y -q -o DPkg::Lock::Timeout=300)
    # shellcheck disable=SC2086
    $root "${get[@]}" install --no-install-recommends "$@" </dev/null && return 0
    echo "once more, with fresh package lists"
    # shellcheck disable=SC2086
    $root "${get[@]}" update </dev/null && $root "${get[@]}" install --no-install-recommends "$@" </dev/null
}

install_packages() {  # LOG PACKAGE...: what is missing is installed, or it is said how to
    local log=$1
    shift
    local missing root
    mapfile -t missing < <(missing_packages "$@" | sort -u)
    [ ${#missing[@]} -eq 0 ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "This is no Debian: there is no apt-get. Needed are the equivalents of: ${missing[*]}" >&2
        return 1
    fi
    if ! root=$(as_root); then
        printf '%d Debian packages are missing, and there is neither root nor sudo to install them. As root:\n\n' ${#missing[@]} >&2
        printf '    apt-get update\n    apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
        return 1
    fi
    printf 'installing %d Debian packages: %s\n' ${#missing[@]} "${missing[*]}"
    # Asking for a password must happen where it can be seen.
    [ "$root" != "sudo env" ] || sudo -v || return 1
    if ! apt_install "$root" "${missing[@]}" >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        printf 'apt-get failed; all of its output is in %s\n' "$log" >&2
        return 1
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -eq 0 ] || { echo "still missing after the installation: ${missing[*]}" >&2; return 1; }
}
