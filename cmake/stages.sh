# Sourced by ./start and ./check: long commands with their output in a log, progress while they run, and their time.
# shellcheck shell=bash

stage_child=""

stop_stage() {
    [ -n "$stage_child" ] && kill -TERM -- "-$stage_child" 2>/dev/null
    stage_child=""
}

build_jobs() {  # as many as there are processors, and 1.5 GB of memory for each
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
    [ "${memory:-1}" -lt 1 ] && memory=1
    echo $((memory < cores ? memory : cores))
}

last_line() {  # LOG: its last line, without control characters, cut to a screen's width
    tail -n 1 "$1" 2>/dev/null | tr -d '\000-\037' | cut -c 1-100
}

# with_progress LOG COMMAND...: runs it with its output in LOG, tells every few seconds what it is at; its exit status.
with_progress() {
    local log=$1 began=$SECONDS told=$SECONDS pause=30 status
    shift
    [ -t 1 ] && pause=1
    set -m
    "$@" >>"$log" 2>&1 </dev/null &
    stage_child=$!
    set +m
    while kill -0 "$stage_child" 2>/dev/null; do
        sleep 0.2
        if [ $((SECONDS - told)) -ge $pause ]; then
            told=$SECONDS
            if [ -t 1 ]; then
                printf '\r\033[K  %d s  %s' $((SECONDS - began)) "$(last_line "$log")"
            else
                printf '  ... %d s  %s\n' $((SECONDS - began)) "$(last_line "$log")"
            fi
        fi
    done
    [ -t 1 ] && printf '\r\033[K'
    wait "$stage_child"
    status=$?
    stage_child=""
    return $status
}

# configure PRESET: afresh when the build directory was made for a tree in another place.
configure() {
    local cache=build/$1/CMakeCache.txt fresh=()
    if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
        fresh=(--fresh)
    fi
    cmake --preset "$1" "${fresh[@]}"
}

# The sanitizers' shadow memory collides with addresses that are too random (vm.mmap_rnd_bits above 28).
addresses=()
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ] && setarch -R true 2>/dev/null; then
    addresses=(setarch -R)
fi

build() {  # PRESET [cmake --build's words]
    local preset=$1
    shift
    configure "$preset" && "${addresses[@]}" cmake --build --preset "$preset" -j "$(build_jobs)" "$@"
}

use_a_writable_cache() {  # ccache wants a home
    if [ -z "${CCACHE_DIR:-}" ] && { [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; }; then
        export CCACHE_DIR=$PWD/build/ccache
    fi
}

# what_failed LOG: of a log of ctest, what each failed test printed (the first five, sixty lines each); of any other, its end.
what_failed() {
    awk '
        / Test +#[0-9]+: / || /^ *Start +[0-9]+: / || /tests passed, / { showing = 0 }
        / Test +#[0-9]+: .*\*\*\*/ && !/\*\*\*Skipped/ { failed++; lines = 0; showing = failed <= 5 }
        showing && lines++ < 60
        END { exit failed ? 0 : 1 }
    ' "$1" || tail -n 40 "$1"
}
