#!/usr/bin/env bash
# Measures sending beside Postfix's smtp-source, and claiming among a million rows:
#   bash benches/mail/run.sh [--quick] [--binary FILE] [--claims FILE]
#
# Introductions made by a night (benches/nights/data.sql) are sent to Postfix's smtp-sink by one worker and by three; beside
# them smtp-source sends as many mails of the same size over as many connections, keeping nothing and promising nothing. Needs
# cargo, PostgreSQL with psql, python3, and smtp-sink and smtp-source (on Debian: apt-get install postfix).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benches/server.sh

programs=100 rows=1000000 binary= claims=
while (($#)); do
  case $1 in
    --quick) programs=20 rows=100000 ;;
    --binary) binary=$2; shift ;;
    --claims) claims=$2; shift ;;
    *) fail "there is no $1" ;;
  esac
  shift
done
for tool in smtp-sink smtp-source; do
  command -v "$tool" >/dev/null || fail "there is no $tool: see the top of this file"
done
if [[ -z $binary ]]; then
  cargo build --release --quiet
  binary=target/release/counterpart
fi
if [[ -z $claims ]]; then
  cargo bench --quiet -p worker --bench claims --no-run
  claims=$(ls -t target/release/deps/claims-* | grep -v '\.d$' | head -1)
fi

start_server
export COUNTERPART_DATABASE__URL=$database COUNTERPART_HTTP__PUBLIC_URL=http://counterpart.test COUNTERPART_LOG__LEVEL=error
export COUNTERPART_MAIL__SMTP_HOST=127.0.0.1 COUNTERPART_MAIL__SMTP_PORT=9 COUNTERPART_MAIL__SMTP_SECURITY=none
export COUNTERPART_MAIL__FROM_ADDRESS=mentoring@counterpart.test COUNTERPART_WORKER__TICK_SECONDS=1
"$binary" migrate >/dev/null
query -v programs="$programs" -v scale=1 -f benches/nights/data.sql >/dev/null
# The night, without a relay.
"$binary" worker 2>/dev/null &
night=$!
pids+=($night)
until [[ $(query -c "SELECT count(*) FROM match_runs WHERE status = 'PUBLISHED'") == "$programs" ]]; do sleep 1; done
# The calendar looks at every match once, which is not to be measured.
until [[ $(query -c 'SELECT count(*) FROM matches WHERE calendar_at <= now()') == 0 ]]; do sleep 1; done
kill "$night"
wait "$night" || true
pids=()

port=$(free_port)
sink_user=()
((EUID != 0)) || sink_user=(-u nobody)
smtp-sink "${sink_user[@]}" "127.0.0.1:$port" 1000 2>/dev/null &
pids+=($!)
sleep 1
export COUNTERPART_MAIL__SMTP_PORT=$port

mails=$(query -c "SELECT count(*) FROM messages WHERE kind = 'INTRODUCTION'")
# The size of one of ours, as the mailbox transport writes it, is about this.
size=${COUNTERPART_BENCH_SIZE:-6000}
# One session that stays: a new one for each look would cost more than some mails.
coproc LOOK { exec psql "$database" -qtAX; }
look=$LOOK_PID
left() {
  # One index for each.
  echo "SELECT (SELECT count(*) FROM messages WHERE status = 'PENDING') + (SELECT count(*) FROM messages WHERE status = 'SENDING');" >&"${LOOK[1]}"
  local count
  read -r count <&"${LOOK[0]}"
  echo "$count"
}
declare -A rate
send() { # label, connections, workers
  query -c "UPDATE messages SET status = 'SUPPRESSED' WHERE kind <> 'INTRODUCTION' AND status = 'PENDING'"
  query -c "UPDATE messages SET status = 'PENDING', due_at = now(), handed_at = NULL, sent_at = NULL, lease_until = NULL, attempts = 0,
    expires_at = NULL WHERE kind = 'INTRODUCTION'"
  query -c 'VACUUM ANALYZE messages' -c CHECKPOINT
  local began workers=() seconds
  began=$(date +%s.%N)
  for _ in $(seq "$3"); do
    COUNTERPART_MAIL__CONNECTIONS=$2 "$binary" worker 2>>"$scratch/mail.log" &
    workers+=($!)
  done
  until [[ $(left) == 0 ]]; do sleep 0.5; done
  [[ $(query -c "SELECT count(*) FROM messages WHERE kind = 'INTRODUCTION' AND status = 'SENT'") == "$mails" ]] || fail 'not all are sent'
  # From the first to the last, so that starting a process does not count.
  seconds=$(query -c "SELECT extract(epoch FROM max(sent_at) - min(handed_at)) FROM messages WHERE kind = 'INTRODUCTION'")
  for pid in "${workers[@]}"; do kill "$pid"; wait "$pid" || true; done
  rate[$1]=$(awk "BEGIN { printf \"%.0f\", $mails / $seconds }")
}
source_rate() { # label, connections
  local began
  began=$(date +%s.%N)
  smtp-source -d -s "$2" -m "$mails" -l "$size" -f mentoring@counterpart.test -t person@example.org "127.0.0.1:$port"
  rate[$1]=$(awk "BEGIN { printf \"%.0f\", $mails / ($(date +%s.%N) - $began) }")
}

echo "| who | connections | mails | mails a second | of smtp-source |"
echo "|---|---|---|---|---|"
line() { echo "| $1 | $2 | $mails | ${rate[$3]} | $(awk "BEGIN { printf \"%.0f %%\", 100 * ${rate[$3]} / ${rate[$4]} }") |"; }
for connections in 1 4 16; do
  source_rate "source$connections" "$connections"
  send "one$connections" "$connections" 1
  line "smtp-source" "$connections" "source$connections" "source$connections"
  line "one worker" "$connections" "one$connections" "source$connections"
done
source_rate source48 48
send three16 16 3
line "smtp-source" 48 source48 source48
line "three workers" "3 times 16" three16 source48
echo
for pid in "${pids[@]}" "$look"; do kill "$pid"; done
pids=()

echo "| claims of | among | p50 | p99 | longest |"
echo "|---|---|---|---|---|"
query -v rows="$rows" -f benches/mail/claims.sql >/dev/null
COUNTERPART_BENCH_ROWS=$rows "$claims" "$database"
