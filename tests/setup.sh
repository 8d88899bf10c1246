# What the commands in tests/ set up: Debian packages, parsers, and a PostgreSQL of their own. They have `say` and `fail`.
# The cluster lives on a free loopback port in a temporary folder; OPTGATE_TEST_POSTGRES is the URL of its
# maintenance database.

folder=
account=

as_owner() {
    if [ -n "$account" ]; then
        (cd "$folder" && exec runuser -u "$account" -- "$@")
    else
        "$@"
    fi
}

newest_postgres() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail -n 1)
    [ -x "$initdb" ] || initdb=$(command -v initdb) || return 1
    dirname "$(readlink -f "$initdb")"
}

# Debian packages: needs root or sudo; elsewhere they are named.
install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "please install: $*"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo --non-interactive true 2>/dev/null || fail "not root, so please install: $*"
        root=(sudo --non-interactive)
    fi
    say "installing $*"
    "${root[@]}" apt-get --quiet --quiet update
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get --quiet --quiet --yes --no-install-recommends install "$@" >&2
}

# The parsers that read what the rewriter wrote (tests/corpus_rewrite/judges.rs), as their lock file pins them.
install_judges() {
    install_npm judges tests/corpus_rewrite/judges
}

# What the lock file of a folder pins, in a folder of its own under ~/.cache/optgate, named first; sets NODE_MODULES.
install_npm() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/optgate/$1 own=$2
    NODE_MODULES=$cache/node_modules
    cmp --quiet "$own/package-lock.json" "$cache/installed" && return
    command -v npm >/dev/null || install_packages nodejs npm
    say "installing what $own/package.json names"
    mkdir -p "$cache"
    cp "$own/package.json" "$own/package-lock.json" "$cache"
    npm --prefix "$cache" --silent --no-audit --no-fund --ignore-scripts ci >&2
    cp "$own/package-lock.json" "$cache/installed"
}

# A PostgreSQL that tells the truth: durable as in production, so that the crash tests mean something.
start_postgres() {
    postgres=$(newest_postgres) || fail "no PostgreSQL server was found"
    # Not in TMPDIR: the path of the socket must stay short, and the account must get there.
    folder=$(mktemp --directory /tmp/optgate-tests.XXXXXX)
    # PostgreSQL refuses to run as root.
    if [ "$(id -u)" -eq 0 ]; then
        account=nobody
        id -u postgres >/dev/null 2>&1 && account=postgres
    fi
    # A password, since any account of this machine can reach a loopback port; the `password` method, because
    # SCRAM's rounds would cost an unoptimised client more than many a test.
    local secret
    secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$secret" >"$folder/password"
    [ -z "$account" ] || chown -R "$account" "$folder"
    as_owner "$postgres/initdb" --pgdata "$folder/data" --username optgate --pwfile "$folder/password" \
        --auth-host password --auth-local reject --encoding UTF8 --locale C.UTF-8 >"$folder/initdb.log" 2>&1 ||
        { cat "$folder/initdb.log" >&2; fail "initdb failed"; }
    local settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=300"
    settings="$settings -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c timezone=UTC"
    # Somebody else may take the port between our look and PostgreSQL's bind.
    local port
    for _ in 1 2 3 4 5; do
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        if as_owner "$postgres/pg_ctl" --pgdata "$folder/data" --log "$folder/log" --wait --timeout 60 --silent \
            --options "$settings -c port=$port" start >/dev/null 2>&1; then
            export OPTGATE_TEST_POSTGRES="postgres://optgate:$secret@127.0.0.1:$port/postgres"
            return
        fi
    done
    cat "$folder/log" >&2
    fail "PostgreSQL does not start"
}

# Whatever was started goes, with all its data.
stop_postgres() {
    [ -n "$folder" ] || return 0
    if [ -f "$folder/data/postmaster.pid" ]; then
        as_owner "$postgres/pg_ctl" --pgdata "$folder/data" --mode immediate --silent stop || true
    fi
    rm -rf "$folder"
}

# Debian packages, only those that are not there.
install_debian() {
    local missing=() package
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    install_packages "${missing[@]}"
}

# Other people's verifiers of DKIM: opendkim and Mail::DKIM from Debian, dkimpy from PyPI in a folder of its own. The Python
# that has it is named by OPTGATE_VERIFIERS.
install_verifiers() {
    install_debian opendkim libmail-dkim-perl perl
    install_python verifiers 'dkimpy[ed25519]==1.1.8'
    export OPTGATE_VERIFIERS=$PYTHON
}

# Python packages in a folder of their own under ~/.cache/optgate, named first; sets PYTHON.
install_python() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/optgate/$1
    shift
    if [ "$(cat "$folder/wanted" 2>/dev/null)" != "$*" ]; then
        python3 -c 'import ensurepip, venv' 2>/dev/null || install_debian python3-venv
        say "installing $*"
        python3 -m venv "$folder"
        "$folder/bin/pip" --quiet --disable-pip-version-check install "$@" >&2
        printf '%s\n' "$*" >"$folder/wanted"
    fi
    PYTHON=$folder/bin/python
}

# The gateway, built as the tests build it, so that nothing is compiled twice; sets OPTGATE_BINARY.
build_gateway() {
    if [ -z "${OPTGATE_BINARY:-}" ]; then
        cargo test --quiet --locked --features failpoints --no-run --test journeys >&2
        OPTGATE_BINARY=${CARGO_TARGET_DIR:-target}/debug/optgate
    fi
    OPTGATE_BINARY=$(readlink -f "$OPTGATE_BINARY")
    export OPTGATE_BINARY
}
