#!/usr/bin/env bash
# Measures a night of many programs shared by several workers: bash benches/nights/run.sh [--quick] [--binary FILE]
#
# 2,000 programs of mixed sizes (benches/nights/data.sql) are due at once in a PostgreSQL of its own, and four worker
# processes do them; with --quick 200 programs and sizes of a fifth. Prints the rows of the table in benches/README.md. Needs
# cargo and PostgreSQL with psql.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benches/server.sh

programs=2000 scale=1 workers=4 binary=
while (($#)); do
  case $1 in
    --quick) programs=200 scale=0.2 ;;
    --binary) binary=$2; shift ;;
    *) fail "there is no $1" ;;
  esac
  shift
done
if [[ -z $binary ]]; then
  cargo build --release --quiet
  binary=target/release/counterpart
fi

start_server
export COUNTERPART_DATABASE__URL=$database COUNTERPART_HTTP__PUBLIC_URL=http://counterpart.test COUNTERPART_LOG__LEVEL=warn
"$binary" migrate >/dev/null
echo "filling the database" >&2
query -v programs="$programs" -v scale="$scale" -f benches/nights/data.sql >/dev/null

# Nobody is at the relay: what is measured is the night.
export COUNTERPART_MAIL__SMTP_HOST=127.0.0.1 COUNTERPART_MAIL__SMTP_PORT=9 COUNTERPART_MAIL__SMTP_SECURITY=none
export COUNTERPART_MAIL__FROM_ADDRESS=mentoring@counterpart.test COUNTERPART_WORKER__TICK_SECONDS=1
began=$(date +%s.%N)
for _ in $(seq "$workers"); do
  "$binary" worker 2>>"$scratch/workers.log" &
  pids+=($!)
done
peaks() {
  for pid in "${pids[@]}"; do awk '/VmHWM/ { printf "%d ", $2 / 1024 }' "/proc/$pid/status"; done
}
until [[ $(query -c "SELECT count(*) FROM match_runs WHERE status IN ('PUBLISHED', 'FAILED')") == "$programs" ]]; do
  sleep 1
  echo "$(query -c "SELECT count(*) FROM match_runs WHERE status IN ('PUBLISHED', 'FAILED')") of $programs" >&2
done
seconds=$(awk "BEGIN { printf \"%.1f\", $(date +%s.%N) - $began }")
peak=$(peaks)

echo "| programs | people | workers | until all are done | peak memory of each, MB | failed | begun again |"
echo "|---|---|---|---|---|---|---|"
query -c "SELECT '| $programs | ' || (SELECT count(*) FROM enrollments) || ' | $workers | $seconds s | $peak| '
  || count(*) FILTER (WHERE status = 'FAILED') || ' | ' || count(*) FILTER (WHERE attempts > 1) || ' |' FROM match_runs"
echo
echo "| programs of | runs | wait p50 | wait p99 | longest wait | work p50 | work p99 |"
echo "|---|---|---|---|---|---|---|"
query -c "
WITH runs AS (
  SELECT CASE WHEN people <= 200 * $scale THEN 1 WHEN people <= 1000 * $scale THEN 2 ELSE 3 END AS class, people,
    extract(epoch FROM started_at - queued_at) AS wait, extract(epoch FROM finished_at - started_at) AS work FROM match_runs)
SELECT '| ' || min(people) || ' to ' || max(people) || ' people | ' || count(*)
  || (SELECT string_agg(' | ' || round(v::numeric, 2) || ' s', '') FROM unnest(ARRAY[percentile_disc(0.5) WITHIN GROUP (ORDER BY wait),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY wait), max(wait), percentile_disc(0.5) WITHIN GROUP (ORDER BY work),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY work)]) AS v) || ' |'
FROM runs GROUP BY class ORDER BY class"
