# shellcheck shell=bash
# The servers that the tests need: used where one is running, installed and started where none is. Sourced by .ci/run.

private_folder=''
postgres_bin=''
postgres_user=()
redis_process=''

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "to run '$*', be root or install sudo"
  fi
}

install_packages() {
  command -v apt-get >/dev/null || fail "install these by hand, there is no apt-get here: $*"
  printf 'installing: %s\n' "$*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# A folder for the files of private servers, which every user may enter.
make_private_folder() {
  if [[ -z $private_folder ]]; then
    private_folder=$(mktemp -d /tmp/counterpart-ci.XXXXXX)
    chmod 755 "$private_folder"
  fi
}

is_open() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if ! is_open "$port"; then
      printf '%d' "$port"
      return
    fi
  done
  fail 'found no free port'
}

# Tries a command until it succeeds, for about that many seconds.
within() {
  local tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((--tries <= 0)); then
      return 1
    fi
    sleep 0.2
  done
}

# Whether that user may create databases on the local server, without a password.
may_create_databases() {
  local answer
  answer=$(psql --no-psqlrc --no-password -Atc \
    'SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user' \
    "postgres://$1@127.0.0.1:5432/postgres" 2>/dev/null) && [[ $answer == t ]]
}

# The newest folder with PostgreSQL's programs: Debian keeps them off PATH, one folder a version.
find_postgres() {
  local folder folders=()
  IFS=: read -ra folders <<<"$PATH"
  mapfile -t -O "${#folders[@]}" folders < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
  for folder in "${folders[@]}"; do
    if [[ -x $folder/initdb && -x $folder/postgres ]]; then
      postgres_bin=$folder
      return
    fi
  done
  return 1
}

provide_postgres() {
  if [[ -n ${COUNTERPART_TEST_POSTGRES:-} ]]; then
    echo 'using the server that COUNTERPART_TEST_POSTGRES names'
    return
  fi
  if is_open 5432 && command -v psql >/dev/null; then
    for user in postgres "$(id -un)"; do
      if may_create_databases "$user"; then
        export COUNTERPART_TEST_POSTGRES="postgres://$user@127.0.0.1:5432/postgres"
        echo "using the server at 127.0.0.1:5432 as $user"
        return
      fi
    done
  fi
  find_postgres || install_packages postgresql
  find_postgres || fail 'there is no initdb, even after installing postgresql'
  start_postgres
}

start_postgres() {
  make_private_folder
  local data=$private_folder/postgres log=$private_folder/postgres.log port
  port=$(free_port)
  install -d -m 700 "$data"
  touch "$log"
  if ((EUID == 0)); then
    # initdb refuses to work for root. Debian's package has made this user.
    local user=postgres
    id -u "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$data" "$log"
    postgres_user=(setpriv "--reuid=$(id -u "$user")" "--regid=$(id -g "$user")" --clear-groups)
  fi
  as_postgres "$postgres_bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >>"$log" 2>&1 ||
    { cat "$log"; fail 'initdb failed'; }
  as_postgres "$postgres_bin/pg_ctl" start -D "$data" -l "$log" -w -t 60 -s \
    -o "-h 127.0.0.1 -p $port -k $data -F -c full_page_writes=off -c max_connections=300" ||
    { cat "$log"; fail 'PostgreSQL did not start'; }
  export COUNTERPART_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
  echo "started $("$postgres_bin/postgres" --version) at 127.0.0.1:$port"
}

# In a folder that the user may enter, and with no home of root's.
as_postgres() {
  (cd "$private_folder" && HOME=$private_folder "${postgres_user[@]}" "$@")
}

redis_answers() {
  local answer
  answer=$(
    exec 2>/dev/null
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'PING\r\n' >&3
    IFS= read -r -t 2 line <&3 && printf '%s' "$line"
  ) && [[ $answer == '+PONG'* ]]
}

provide_redis() {
  if [[ -n ${COUNTERPART_TEST_REDIS:-} ]]; then
    echo 'using the server that COUNTERPART_TEST_REDIS names'
  elif redis_answers 6379; then
    export COUNTERPART_TEST_REDIS=redis://127.0.0.1:6379/
    echo 'using the server at 127.0.0.1:6379'
  fi
  # Some tests take their own server away, so the program is needed beside a running one.
  command -v redis-server >/dev/null || install_packages redis-server
  [[ -n ${COUNTERPART_TEST_REDIS:-} ]] || start_redis
}

start_redis() {
  make_private_folder
  local port log=$private_folder/redis.log
  port=$(free_port)
  redis-server --bind 127.0.0.1 --port "$port" --dir "$private_folder" --save '' --appendonly no >"$log" 2>&1 &
  redis_process=$!
  within 20 redis_answers "$port" || { cat "$log"; fail 'Redis did not start'; }
  export COUNTERPART_TEST_REDIS="redis://127.0.0.1:$port/"
  echo "started $(redis-server --version | cut -d' ' -f1-3) at 127.0.0.1:$port"
}

stop_servers() {
  [[ -n $private_folder ]] || return 0
  if [[ -f $private_folder/postgres/postmaster.pid ]]; then
    as_postgres "$postgres_bin/pg_ctl" stop -D "$private_folder/postgres" -m immediate -s || true
  fi
  if [[ -n $redis_process ]]; then
    kill "$redis_process" 2>/dev/null || true
    wait "$redis_process" 2>/dev/null || true
  fi
  rm -rf "$private_folder"
}
