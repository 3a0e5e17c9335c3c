# shellcheck shell=bash disable=SC2034 # The scripts use what this file only sets.
# What the scripts of this folder share: words on the terminal, the folder and the account that
# everything runs under, ports, secrets, and processes. Sourced after `set -euo pipefail`.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
postgres_bin=/usr/lib/postgresql/15/bin
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# ---- Words on the terminal -----------------------------------------------------------------------

if [[ -t 1 ]]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi

# A step that begins.
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }

# Something that is so now.
say() { printf '    %s\n' "$*"; }

# The end: what is wrong, on stderr.
die() {
    printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
    exit 1
}

# Whether a command exists.
have() { command -v "$1" >/dev/null 2>&1; }

# ---- The folder and its owner --------------------------------------------------------------------

# Makes the folder $1 if missing, and sets `dir` (its real path), `owner` (the account that all
# parts run as: oneself, or for root the folder's owner, by default postgres, as PostgreSQL refuses
# to run as root) and `run_as`.
open_dir() {
    local wanted=$1
    if [[ -L $wanted && ! -e $wanted ]]; then rm "$wanted"; fi
    if [[ ! -e $wanted ]]; then
        if ((EUID == 0)); then become postgres; else become "$(id -un)"; fi
        mkdir -p "$wanted"
        own_private "$wanted"
        relocate_unless_usable "$wanted"
    fi
    dir=$(readlink -f "$wanted")
    become "$(stat -c %U "$dir")"
    [[ $owner != root ]] || die "$wanted belongs to root, but its parts must not run as root: remove it and try again."
    [[ -O $dir || $EUID == 0 ]] || die "$wanted belongs to $owner: run this as that user or as root."
    as_owner mkdir -p "$dir"/{bin,etc,log,pid}
}

# Sets `owner` to the account $1, and `run_as` to what makes a command run as it.
become() {
    owner=$1
    run_as=()
    if ((EUID == 0)); then run_as=(setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups); fi
}

# Makes a folder the owner's alone.
own_private() {
    chmod 700 "$1"
    if ((EUID == 0)); then chown "$owner:" "$1"; fi
}

# Replaces the new folder $1 by a link into /var/tmp if its owner cannot reach it, or if its path
# does not fit into a Unix socket's address (107 bytes) or holds what the parts' configuration files
# would need to quote.
relocate_unless_usable() {
    local wanted=$1 path reason elsewhere
    path=$(readlink -f "$wanted")
    if ! dir=/ as_owner test -w "$path"; then
        reason="the user $owner cannot reach $path"
    elif ((${#path} > 60)) || [[ $path =~ [^A-Za-z0-9/._-] ]]; then
        reason="$path is too long or too unusual a path for the servers"
    else
        return 0
    fi
    elsewhere=$(mktemp -d -p /var/tmp --suffix=.remit)
    own_private "$elsewhere"
    rmdir "$wanted"
    ln -s "$elsewhere" "$wanted"
    say "data goes to $elsewhere, linked from $wanted: $reason"
}

# Runs a command as the owner, in the folder (callers may stand where the owner cannot).
as_owner() { env -C "$dir" HOME="$dir" "${run_as[@]}" "$@"; }

# Writes stdin to the private file $1 of the owner. A reader sees the old content or the new.
write_private() {
    # shellcheck disable=SC2016 # The inner shell expands $1.
    as_owner sh -c 'umask 077; cat >"$1.new"; mv "$1.new" "$1"' - "$1"
}

# Holds the folder against a second run. Processes started from here do not inherit the lock.
lock_dir() {
    exec {lock}<"$dir"
    flock -n "$lock" || {
        say "waiting for another run in $dir"
        flock "$lock"
    }
}

# ---- Ports ---------------------------------------------------------------------------------------

# The port of a part, relative to a base.
declare -A port_offset=([nginx]=80 [nginx_tls]=443 [app]=81 [postgres]=432 [redis]=379 [rabbitmq]=672
    [rabbitmq_tls]=671 [rabbitmq_ui]=673 [rabbitmq_distribution]=674 [epmd]=369)

# The port of the part $1, counted from `base`, which the caller sets.
port_of() { echo $((${base:?} + port_offset[$1])); }

# Whether something listens on port $1, whatever the address.
port_taken() {
    local hex
    printf -v hex ':%04X' "$1"
    # The state 0A is LISTEN.
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# Sets `base` to the first port base that is free, and keeps other runs on this machine from
# choosing it too.
choose_base() {
    local file
    for base in {18000..30000..1000}; do
        file=/tmp/remit-port-base-$base.lock
        [[ -e $file ]] || (umask 000 && : >"$file") 2>/dev/null || true
        exec {claim}<"$file"
        if flock -n "$claim" && ports_free; then return 0; fi
        exec {claim}<&-
    done
    die 'no free ports: every base from 18000 to 30000 is taken'
}

# Whether nothing listens on any port of `base`.
ports_free() {
    local part
    for part in "${!port_offset[@]}"; do
        if port_taken "$(port_of "$part")"; then return 1; fi
    done
}

# Ends the start of the part $1 if one of the ports of the parts $2… is taken.
require_ports() {
    local name=$1 part port
    for part in "${@:2}"; do
        port=$(port_of "$part")
        if port_taken "$port"; then
            die "$name cannot start: port $port is taken by $(port_holder "$port"). Stop that, or choose other ports with REMIT_PORT_BASE (now $base)."
        fi
    done
}

# Who listens on port $1, as far as it can be known.
port_holder() {
    local holder=''
    if have ss; then holder=$(ss -Hltnp "sport = :$1" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -1); fi
    echo "${holder:-another program}"
}

# ---- Secrets -------------------------------------------------------------------------------------

# Prints the secret $1, which is made when first asked for. Hexadecimal: fits every file and URL as
# it is.
secret() {
    local file=$dir/secrets/$1
    if [[ ! -e $file ]]; then
        as_owner mkdir -p -m 700 "$dir/secrets"
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | write_private "$file"
    fi
    cat "$file"
}

# ---- Certificates --------------------------------------------------------------------------------

# Makes the self-signed certificate $1.pem for the names $2, and its key $1.key, which the owner
# alone can read. One that is good for another week stays.
make_certificate() {
    if [[ -s $1.key ]] && openssl x509 -noout -checkend $((7 * 24 * 3600)) -in "$1.pem" >/dev/null 2>&1; then return 0; fi
    as_owner mkdir -p -m 700 "$(dirname "$1")"
    # shellcheck disable=SC2016 # The inner shell expands.
    as_owner sh -c 'umask 077
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=remit \
            -addext "subjectAltName=$2" -addext basicConstraints=critical,CA:FALSE \
            -addext extendedKeyUsage=serverAuth -keyout "$1.key.new" -out "$1.pem.new" 2>&1 &&
            mv "$1.key.new" "$1.key" && mv "$1.pem.new" "$1.pem"' - "$1" "$2" >"$dir/log/openssl.log" ||
        die "no certificate could be made. The log is $dir/log/openssl.log"
}

# ---- Processes -----------------------------------------------------------------------------------

# A pid file holds the pid, the time at which that process started, and the boot. So a stale pid
# file names no process.

# Prints the identity of the process $1, or fails if there is none.
process_identity() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    # The name in parentheses may hold anything; the start time is the 20th field after it.
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] || return 1
    echo "$1 ${stat[19]} $(</proc/sys/kernel/random/boot_id)"
}

# Prints the pid of the part $1, or fails if it does not run.
pid_of() {
    local identity pid
    identity=$(cat "$dir/pid/$1" 2>/dev/null) || return 1
    pid=${identity%% *}
    [[ -n $pid && $(process_identity "$pid") == "$identity" ]] || return 1
    echo "$pid"
}

# Whether the part $1 runs.
alive() { pid_of "$1" >/dev/null; }

# Starts the part $1 with the command $2…: own session, own log, and no environment but etc/$1.env.
launch() {
    local name=$1 pid
    { stat -c %s "$dir/log/$name.log" 2>/dev/null || echo 0; } | write_private "$dir/log/.$name.start"
    # shellcheck disable=SC2016 # The inner shell expands: its $0 is the name.
    setsid env -i --default-signal=INT,QUIT -C "$dir" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$dir" LANG=C.UTF-8 \
        "${run_as[@]}" bash -c 'umask 077
            exec </dev/null >>"log/$0.log" 2>&1
            for descriptor in /proc/self/fd/*; do ((${descriptor##*/} < 3)) || eval "exec ${descriptor##*/}>&-"; done
            if [[ -e etc/$0.env ]]; then set -a; . "etc/$0.env"; set +a; fi
            exec "$@"' "$@" &
    pid=$!
    process_identity "$pid" | write_private "$dir/pid/$name"
}

# Waits until the command $3… succeeds for the part $1, at most $2 seconds. Says why when it does
# not.
await() {
    local name=$1 seconds=$2 deadline=$((SECONDS + $2))
    until "${@:3}" >/dev/null 2>&1; do
        if ! alive "$name"; then explain "$name" "it ended"; return 1; fi
        if ((SECONDS >= deadline)); then explain "$name" "it did not answer within $seconds seconds"; return 1; fi
        sleep 0.1
    done
}

# Says that the part $1 failed to start, why, and where its log is.
explain() {
    local from
    from=$(cat "$dir/log/.$1.start" 2>/dev/null || true)
    {
        printf '%serror:%s %s failed to start: %s. The end of its log %s:\n' "$red" "$plain" "$1" "$2" "$dir/log/$1.log"
        tail -c "+$((${from:-0} + 1))" "$dir/log/$1.log" 2>/dev/null | tail -n 15 | sed 's/^/      /'
    } >&2
}

# Stops the part $1 with the signal $2 and waits for its end; one that takes over a minute is
# killed.
halt() {
    local name=$1 pid tenths=0
    if pid=$(pid_of "$name"); then
        kill -s "$2" "$pid"
        while alive "$name"; do
            if ((++tenths == 600)); then
                say "$name (process $pid) does not stop: killing it"
                kill -s KILL "$pid"
            fi
            sleep 0.1
        done
    fi
    rm -f "$dir/pid/$name"
}
