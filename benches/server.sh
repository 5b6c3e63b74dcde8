# A PostgreSQL of one's own for a bench, gone when the bench ends. Sourced; sets `database`, `scratch`, `pids`, `query`.

fail() {
  echo "$1" >&2
  exit 1
}

scratch=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  [[ -f $scratch/data/postmaster.pid ]] && as_postgres "$postgres/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null
  rm -rf "$scratch"
}
trap finish EXIT

# PostgreSQL refuses to run as root.
as_postgres() {
  if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi
}

# Any free port; another program could take it in between, which a second try would mend.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# One with fsync on and everything else as it comes, but for memory.
start_server() {
  postgres=$(dirname "$(command -v initdb || ls -1 /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1)")
  [[ -x $postgres/initdb ]] || fail 'there is no initdb: install PostgreSQL'
  chmod 711 "$scratch"
  ((EUID != 0)) || chown postgres "$scratch"
  local port
  port=$(free_port)
  as_postgres "$postgres/initdb" -D "$scratch/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  as_postgres "$postgres/pg_ctl" -D "$scratch/data" -l "$scratch/log" -w \
    -o "-p $port -k $scratch -c shared_buffers=512MB -c max_wal_size=4GB -c max_connections=200 -c listen_addresses=127.0.0.1" start >/dev/null
  database=postgres://postgres@127.0.0.1:$port/postgres
}

query() {
  psql "$database" -qtAX -v ON_ERROR_STOP=1 "$@"
}
