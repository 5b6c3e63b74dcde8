#!/usr/bin/env bash
# Measures the API beside PostGraphile and Mercurius, in one run over the same database: bash benches/api/run.sh [--quick]
#
# Without --quick the tables in benches/README.md are renewed. Needs cargo, npm, curl, wrk, redis-server and
# PostgreSQL with pgbench (on Debian: apt-get install npm curl wrk redis-server postgresql). Everything runs in a database server of
# its own, which is gone afterwards.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# How many connections each of the three may open, and what the database server may use.
connections=10
postgres_settings=(-c shared_buffers=512MB -c max_connections=200 -c listen_addresses=127.0.0.1)

quick=
[[ ${1:-} == --quick ]] && quick=1

fail() {
  echo "$1" >&2
  exit 1
}
postgres=$(dirname "$(command -v initdb || ls -1 /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1)")
[[ -x $postgres/initdb ]] || fail 'there is no initdb: install PostgreSQL'
for tool in cargo curl npm wrk pgbench psql redis-server; do
  command -v "$tool" >/dev/null || fail "there is no $tool: see the top of this file"
done

echo 'building' >&2
cargo build --release --quiet
binary=$PWD/target/release/counterpart

# Beside the build, so that the peers are installed once and nothing of theirs lies among our sources.
workplace=$PWD/target/bench-api
mkdir -p "$workplace"
cp benches/api/*.mjs benches/api/*.json benches/api/*.lua "$workplace"
if ! cmp -s "$workplace/package-lock.json" "$workplace/node_modules/installed"; then
  echo 'installing the peers' >&2
  (cd "$workplace" && npm ci --no-audit --no-fund --silent && cp package-lock.json node_modules/installed)
fi

# PostGraphile needs a newer Node.js than many machines have; it comes with the peers.
PATH=$workplace/node_modules/.bin:$PATH

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
free_port() {
  node -e 'const server = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(server.address().port); server.close(); })'
}

echo 'filling the database' >&2
chmod 711 "$scratch"
((EUID != 0)) || chown postgres "$scratch"
port=$(free_port)
as_postgres "$postgres/initdb" -D "$scratch/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
as_postgres "$postgres/pg_ctl" -D "$scratch/data" -l "$scratch/log" -w \
  -o "-p $port -k $scratch ${postgres_settings[*]}" start >/dev/null
export BENCH_DATABASE="postgres://postgres@127.0.0.1:$port/postgres"
BENCH_POSTMASTER=$(head -1 "$scratch/data/postmaster.pid")
export BENCH_POSTMASTER BENCH_DATABASE_LOG=$scratch/log

redis_port=$(free_port)
redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --daemonize no >/dev/null &
pids+=($!)

export BENCH_KEYS=$scratch/keys BENCH_FOLDER=$scratch BENCH_CONNECTIONS=$connections BENCH_QUICK=$quick NODE_ENV=production GRAPHILE_ENV=production
export COUNTERPART_DATABASE__URL=$BENCH_DATABASE COUNTERPART_DATABASE__MAX_CONNECTIONS=$connections
export COUNTERPART_REDIS__URL=redis://127.0.0.1:$redis_port/0 COUNTERPART_AUTH__KEYS_DIR=$BENCH_KEYS
export COUNTERPART_HTTP__HOST=127.0.0.1 COUNTERPART_HTTP__PUBLIC_URL=http://127.0.0.1 COUNTERPART_LOG__LEVEL=warn
# The load generator asks more than any caller may, and the peers limit nobody.
export COUNTERPART_LIMITS__ENABLED=false
"$binary" keys generate >/dev/null
"$binary" migrate >/dev/null
psql -qX -v ON_ERROR_STOP=1 -f benches/api/data.sql -f benches/api/views.sql "$BENCH_DATABASE" >/dev/null

# Starts a server, and waits until something listens.
servers=()
serve() {
  local name=$1 port=$2
  shift 2
  "$@" >"$scratch/$name.log" 2>&1 &
  local pid=$!
  pids+=("$pid")
  servers+=("\"$name\": {\"port\": $port, \"pid\": $pid}")
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || fail "$name did not start: $(cat "$scratch/$name.log")"
    sleep 0.01
  done
}

port=$(free_port)
started=$(date +%s%N)
export COUNTERPART_HTTP__PORT=$port
serve counterpart "$port" "$binary" api
until curl -fs -o /dev/null "http://127.0.0.1:$port/readyz"; do sleep 0.01; done
BENCH_READY=$(awk "BEGIN { print ($(date +%s%N) - $started) / 1e9 }")
sleep 1
BENCH_RSS=$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/${pids[-1]}/status")
export BENCH_READY BENCH_RSS
for peer in postgraphile mercurius; do
  port=$(free_port)
  BENCH_PORT=$port serve "$peer" "$port" node "$workplace/$peer.mjs"
done
BENCH_SERVERS="{$(IFS=,; echo "${servers[*]}")}"
export BENCH_SERVERS

(cd "$workplace" && node measure.mjs) | tee "$scratch/report.md"
echo "Versions: PostgreSQL $("$postgres/postgres" --version | awk '{ print $3 }'), Node.js $(node --version)," \
  "$(cd "$workplace" && npm ls --depth=0 --json | node -e 'const found = JSON.parse(require("fs").readFileSync(0)).dependencies; console.log(["postgraphile", "mercurius", "fastify", "pg"].map((name) => `${name} ${found[name].version}`).join(", "))')," \
  "$(nproc) cores." | tee -a "$scratch/report.md"

if [[ -z $quick ]]; then
  awk -v report="$scratch/report.md" '
    /^<!-- api: begin -->$/ { print; print ""; while ((getline line < report) > 0) print line; print ""; within = 1 }
    /^<!-- api: end -->$/ { within = 0 }
    !within { if (!/^<!-- api: begin -->$/) print }' benches/README.md >"$scratch/README.md"
  cp "$scratch/README.md" benches/README.md
fi
