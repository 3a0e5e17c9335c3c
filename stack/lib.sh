# shellcheck shell=bash disable=SC2034 # The scripts use what this file only sets.
# What the scripts of this folder share: words on the terminal, the folder and the account that
# everything runs under, ports, secrets, and processes. Sourced after `set -euo pipefail`.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
postgres_bin=/usr/lib/postgresql/15/bin
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# ---- Words on the terminal -----------------------------------------------------------------------

# No colours where NO_COLOR is set (https://no-color.org).
bold='' red='' plain_1='' plain_2=''
if [[ -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    if [[ -t 1 ]]; then bold=$'\e[1m' plain_1=$'\e[0m'; fi
    if [[ -t 2 ]]; then red=$'\e[31m' plain_2=$'\e[0m'; fi
fi

# A step that begins.
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain_1"; }

# Something that is so now.
say() { printf '    %s\n' "$*"; }

# The end: what is wrong, on stderr.
die() {
    printf '%serror:%s %s\n' "$red" "$plain_2" "$*" >&2
    exit 1
}

# The end with status 2: what is wrong with the arguments.
misused() {
    printf '%serror:%s %s; %s --help says how it is used\n' "$red" "$plain_2" "$*" "$0" >&2
    exit 2
}

# Ends a script that takes no arguments if it was given $@.
no_arguments() { (($# == 0)) || misused "it takes no argument: $1"; }

# Every script says with --help what stands at its top; the two programs say it themselves.
case ${0##*/}:${1:-} in
    remit*) ;;
    *:-h | *:--help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" | grep -v '^shellcheck '
        exit 0
        ;;
esac

# Whether a command exists.
have() { command -v "$1" >/dev/null 2>&1; }

# ---- The folder and its owner --------------------------------------------------------------------

# The account owns the folder and what is in it: it can put a link, a pipe or any text where a
# script looks next. So below the folder all is read, written, removed and signalled by `as_owner`,
# which has no more rights than the account. What is read there is checked before it is used.

# Makes the folder $1 if missing, and sets `dir` (its real path), `owner` (the account that all
# parts run as: oneself, or for root the folder's owner, as PostgreSQL refuses to run as root; of a
# new folder that is the owner of the one around it, or postgres where that is root) and `run_as`.
open_dir() {
    local wanted around
    wanted=$(realpath -ms "$1")
    if [[ -L $wanted && ! -e $wanted ]]; then rm "$wanted"; fi
    if [[ ! -e $wanted ]]; then
        mkdir -p "$(dirname "$wanted")"
        around=$(account_around "$wanted")
        if ((EUID != 0)); then around=$(id -un); fi
        if [[ $around == root ]]; then around=postgres; fi
        become "$around"
        make_private "$wanted"
        relocate_unless_usable "$wanted"
    fi
    dir=$(readlink -f "$wanted")
    become "$(stat -c %U "$dir")"
    [[ $owner != root ]] || die "$wanted belongs to root, but its parts must not run as root: remove it and try again."
    [[ -O $dir || $EUID == 0 ]] || die "$wanted belongs to $owner: run this as that user or as root."
    around=$(account_around "$wanted")
    [[ $EUID != 0 || $around == root || $around == "$owner" ]] ||
        die "$wanted belongs to $owner, and the folder around it to $around: remove it and try again."
    as_owner mkdir -p bin etc log pid || die "$dir takes nothing$(full_disk)."
}

# Says where the disk of the folder is full, for the end of a sentence.
full_disk() {
    local left
    left=$(df --output=avail -m "${dir:-/}" 2>/dev/null | tail -n 1) || return 0
    if ((left < 16)); then echo ": its disk is full, $((left)) MB are left; make room and try again"; fi
}

# Ends the script unless the disk has room for the parts to start: RabbitMQ refuses events with less
# than 200 MB.
require_room() {
    local left
    left=$(df --output=avail -m "$dir" | tail -n 1)
    ((left >= room_mb_min)) ||
        die "the disk of $dir is full: $((left)) MB are left, and the parts need $room_mb_min MB to start; make room and try again."
}
room_mb_min=512

# Sets `owner` to the account $1, and `run_as` to what makes a command run as it.
become() {
    owner=$1
    run_as=()
    if ((EUID == 0)); then run_as=(setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups); fi
}

# Prints the account that the folder around $1 belongs to; root where that has no name here, as a
# folder of the host's has none in a container.
account_around() {
    local account
    account=$(stat -L -c %U "$(dirname "$1")")
    if id -u "$account" >/dev/null 2>&1; then echo "$account"; else echo root; fi
}

# Makes the folder $1, the owner's alone. In a folder of root's, which the owner cannot change, root
# gives it away.
make_private() {
    if ((EUID == 0)) && [[ $(account_around "$1") == root ]]; then
        mkdir -m 700 "$1"
        chown "$owner:" "$1"
    else
        dir=$(dirname "$1") as_owner mkdir -m 700 "$1"
    fi
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
    elsewhere=$(dir=/var/tmp as_owner mktemp -d -p /var/tmp --suffix=.remit)
    dir=$(dirname "$wanted")
    if [[ $(account_around "$wanted") == "$owner" ]]; then
        as_owner rmdir "$wanted"
        as_owner ln -s "$elsewhere" "$wanted"
    else
        rmdir "$wanted"
        ln -s "$elsewhere" "$wanted"
    fi
    say "data goes to $elsewhere, linked from $wanted: $reason"
}

# Runs a command as the owner, in the folder (callers may stand where the owner cannot). It is ended
# when it takes too long: the account can put a pipe where a file should be, which nobody writes to,
# and can stop what runs as itself.
as_owner() { timeout -k 1 "$as_owner_s_max" env -C "$dir" HOME="$dir" "${run_as[@]}" "$@"; }
as_owner_s_max=30

# The same for what may take long.
as_owner_for_long() { env -C "$dir" HOME="$dir" "${run_as[@]}" "$@"; }

# Prints the words of a program with control characters made visible: they are the account's, and
# may be orders to the terminal.
printable() { cat -v; }

# Writes stdin to the private file $1 of the owner. A reader sees the old content or the new.
write_private() {
    # shellcheck disable=SC2016 # The inner shell expands $1.
    as_owner sh -c 'set -e; umask 077; cat >"$1.new"; mv -T "$1.new" "$1"' - "$1" ||
        die "$1 could not be written$(full_disk)."
}

# Prints the file $1 of the owner; of one that is no file, nothing.
read_private() { as_owner dd if="$1" iflag=nonblock,fullblock bs=1M count=1 status=none; }

# Prints the number in the file $1 of the owner, or $2 if there is none.
read_number() {
    local number
    number=$(read_private "$1" 2>/dev/null | head -c 20) || true
    if [[ $number =~ ^[0-9]{1,15}$ ]]; then echo "$((10#$number))"; else echo "$2"; fi
}

# Sets `base` to the one that the parts in the folder were started with.
find_base() {
    base=$(read_number etc/port_base 0)
    ((base > 0)) || die "nothing was started in $dir yet: make up"
}

# Becomes the program $1 with the arguments $2… and the settings of `make up`. The caller runs it,
# so that it finds the caller's files. So it is the one in the build folder, and of the settings it
# gets the values of these alone.
run_program() {
    local program=${CARGO_TARGET_DIR:-$repository/target}/release/$1 data=${REMIT_DIR:-$repository/.run}
    [[ -x $program && -d $data ]] || die "nothing is built or set up in $data yet: make up"
    open_dir "$data"
    DATABASE_URL=$(setting_of migrate DATABASE_URL) REDIS_URL=$(setting_of worker REDIS_URL)
    AMQP_URL=$(setting_of worker AMQP_URL) REMIT_LISTEN=$(setting_of app REMIT_LISTEN)
    export DATABASE_URL REDIS_URL AMQP_URL REMIT_LISTEN
    exec "$program" "${@:2}"
}

# Prints the setting $2 of the part $1.
setting_of() { read_private "etc/$1.env" | sed -n "s/^$2=//p" | head -n 1; }

# Removes the folder $1 with all that is in it. What a link leads to is removed by the account that
# it belongs to.
remove_dir() {
    local account
    if [[ -L $1 && -e $1 ]]; then
        account=$(stat -L -c %U "$1")
        [[ $account != root ]] || die "$1 leads to a folder of root's: remove the link."
        (become "$account" && dir=/ as_owner_for_long rm -rf "$(readlink -f "$1")")
    fi
    rm -rf "$1"
}

# Holds the folder against a second run. Processes started from here do not inherit the lock.
lock_s_max=300
lock_dir() {
    exec {lock}<"$dir"
    flock -n "$lock" || {
        say "waiting for another run in $dir"
        # The account can hold it for as long as it likes.
        flock -w "$lock_s_max" "$lock" ||
            die "another run has held $dir for $lock_s_max seconds$(lock_holders). See what it waits for, or end it, and try again."
    }
}

# Prints which processes hold the folder, in parentheses.
lock_holders() {
    local pids
    pids=$(awk -v inode=":$(stat -c %i "$dir")\$" '$2 == "FLOCK" && $6 ~ inode { printf " %s", $5 }' /proc/locks)
    if [[ -n $pids ]]; then echo " (process$pids)"; fi
}

# ---- Ports ---------------------------------------------------------------------------------------

# The port of a part, relative to a base.
declare -A port_offset=([nginx]=80 [nginx_tls]=443 [app]=81 [worker]=82 [postgres]=432 [redis]=379 [rabbitmq]=672
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
    if have ss; then holder=$(ss -Hltnp "sport = :$1" | printable | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -1); fi
    echo "${holder:-another program}"
}

# ---- Secrets -------------------------------------------------------------------------------------

# Prints the secret $1, which is made when first asked for. Hexadecimal: fits every file and URL as
# it is.
secret() {
    local file=secrets/$1 value
    if ! as_owner test -e "$file"; then
        as_owner mkdir -p -m 700 secrets
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | write_private "$file"
    fi
    value=$(read_private "$file")
    [[ $value =~ ^[A-Za-z0-9_]{8,200}$ ]] || die "$dir/$file holds no secret: remove it and try again."
    printf %s "$value"
}

# ---- Certificates --------------------------------------------------------------------------------

# Makes the self-signed certificate $1.pem for the names $2, and its key $1.key, which the owner
# alone can read. One that is good for another week stays.
make_certificate() {
    if as_owner test -s "$1.key" && as_owner openssl x509 -noout -checkend $((7 * 24 * 3600)) -in "$1.pem" >/dev/null 2>&1; then return 0; fi
    as_owner mkdir -p -m 700 "$(dirname "$1")"
    # shellcheck disable=SC2016 # The inner shell expands.
    as_owner sh -c 'umask 077; exec >log/openssl.log 2>&1
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=remit \
            -addext "subjectAltName=$2" -addext basicConstraints=critical,CA:FALSE \
            -addext extendedKeyUsage=serverAuth -keyout "$1.key.new" -out "$1.pem.new" &&
            mv -T "$1.key.new" "$1.key" && mv -T "$1.pem.new" "$1.pem"' - "$1" "$2" ||
        die "no certificate could be made: $(last_line openssl). The log is $dir/log/openssl.log"
}

# ---- Processes -----------------------------------------------------------------------------------

# A pid file holds the pid, the time at which that process started, and the boot. So a stale pid
# file names no process. The account can write into it what it likes: a process that is not the
# account's is none of ours, and only the account signals it.

# Prints the identity of the process $1, or fails if there is none.
process_identity() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name in parentheses may hold anything; the start time is the 20th field after it.
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] || return 1
    echo "$1 ${stat[19]} $(</proc/sys/kernel/random/boot_id)"
}

# Whether the process $1 runs as the owner and as nobody else.
is_of_owner() {
    local uid
    uid=$(id -u "$owner")
    grep -qx "Uid:[[:space:]]$uid[[:space:]]$uid[[:space:]]$uid[[:space:]]$uid" "/proc/$1/status" 2>/dev/null
}

# Prints what the pid file of the part $1 says.
identity_of() {
    local identity
    identity=$(read_private "pid/$1" 2>/dev/null | head -c 100) || return 1
    [[ $identity =~ ^[1-9][0-9]{0,9}\ [0-9]+\ [0-9a-f-]+$ ]] || return 1
    echo "$identity"
}

# Prints the pid of the part $1, or fails if it does not run.
pid_of() {
    local identity pid
    identity=$(identity_of "$1") || return 1
    pid=${identity%% *}
    [[ $(process_identity "$pid") == "$identity" ]] && is_of_owner "$pid" || return 1
    echo "$pid"
}

# Whether the part $1 runs.
alive() { pid_of "$1" >/dev/null; }

# Prints the processes that the first process of the part $1 has left behind when it was killed, as
# nginx leaves its workers with the port. They are of its session, whose number no other process can
# get while one of them lives.
orphans_of() {
    local identity leader file stat pid
    identity=$(identity_of "$1") || return 0
    leader=${identity%% *}
    [[ ${identity##* } == "$(</proc/sys/kernel/random/boot_id)" ]] && ! process_identity "$leader" >/dev/null || return 0
    for file in /proc/[0-9]*/stat; do
        { read -r stat <"$file"; } 2>/dev/null || continue
        read -ra stat <<<"${stat##*) }"
        [[ ${stat[3]} == "$leader" && ${stat[0]} != Z ]] || continue
        pid=${file//[!0-9]/}
        if is_of_owner "$pid" && [[ $(as_owner readlink "/proc/$pid/cwd")/ == "$dir"/* ]]; then echo "$pid"; fi
    done
}

# Prints the last line of the log of $1.
last_line() { as_owner tail -n 1 "log/$1.log" 2>/dev/null | printable || true; }

# Starts the part $1 with the command $2…: own session, own log, and no environment but etc/$1.env.
launch() {
    local name=$1 pid
    { as_owner stat -L -c %s "log/$name.log" 2>/dev/null || echo 0; } | write_private "$dir/log/.$name.start"
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
    from=$(read_number "log/.$1.start" 0)
    {
        printf '%serror:%s %s failed to start: %s%s. The end of its log %s:\n' "$red" "$plain_2" "$1" "$2" "$(full_disk)" "$dir/log/$1.log"
        { as_owner tail -c "+$((from + 1))" "log/$1.log" 2>/dev/null || true; } | tail -n 15 | printable | sed 's/^/      /'
    } >&2
}

# Stops the part $1 with the signal $2 and waits for its end; one that takes over a minute is
# killed. The same is done with what a first process that was killed has left behind.
halt() {
    local name=$1 pids tenths=0
    mapfile -t pids < <(processes_of "$name")
    if ((${#pids[@]})); then as_owner kill -s "$2" "${pids[@]}" 2>/dev/null || true; fi
    while ((${#pids[@]})); do
        if ((++tenths == 600)); then
            say "$name (process ${pids[*]}) does not stop: killing it"
            as_owner kill -s KILL "${pids[@]}" 2>/dev/null || true
        fi
        sleep 0.1
        mapfile -t pids < <(processes_of "$name")
    done
    as_owner rm -f "pid/$name"
}

# Prints the first process of the part $1, or else those that it has left behind.
processes_of() { pid_of "$1" || orphans_of "$1"; }
