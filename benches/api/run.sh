#!/usr/bin/env bash
# Measures the API beside PostGraphile and Mercurius, in one run over the same database:
#   bash benches/api/run.sh [--quick] [--binary FILE]
#
# Without --quick the tables in benches/README.md are renewed. Needs cargo, npm, curl, python3, wrk, redis-server and
# PostgreSQL with pgbench (on Debian: apt-get install npm curl wrk redis-server postgresql).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benches/server.sh

# How many connections each of the three may open.
connections=10

quick= binary=
while (($#)); do
  case $1 in
    --quick) quick=1 ;;
    --binary) binary=$(realpath "$2"); shift ;;
    *) fail "there is no $1" ;;
  esac
  shift
done
for tool in curl npm wrk pgbench psql redis-server; do
  command -v "$tool" >/dev/null || fail "there is no $tool: see the top of this file"
done

if [[ -z $binary ]]; then
  echo 'building' >&2
  cargo build --release --quiet
  binary=$PWD/target/release/counterpart
fi

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

echo 'filling the database' >&2
start_server
export BENCH_DATABASE=$database
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
