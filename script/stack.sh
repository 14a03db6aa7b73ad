# Shared by the scripts: the real servers that `script/test --real` and `script/bench pipeline` run
# against. Source it after lib.sh.
#
# Servers that are named in the environment (MARQUEE_TEST_KAFKA, MARQUEE_TEST_S3,
# MARQUEE_TEST_ELASTICSEARCH, MARQUEE_TEST_POSTGRES, MARQUEE_TEST_SMTP, MARQUEE_TEST_OPENID,
# MARQUEE_TEST_SCHEMATHESIS;
# see testkit/src/real.rs) are used as they are.
# The others are started for this run: PostgreSQL and nginx from their packages; Kafka, MinIO and
# Elasticsearch by kafka.sh, minio.sh and es.sh (`… start FOLDER PORT`, `… stop FOLDER`) in the
# folder that MARQUEE_STACK names.
# shellcheck shell=bash

stack_folder=
stack_started=()

# need_stack: every server runs and is named, or this ends with what is missing.
need_stack() {
  need_nginx
  need_packages kcat:kcat protoc:protobuf-compiler aws:awscli curl:curl \
    psql:postgresql-client docker-compose:docker-compose openssl:openssl
  stack_folder="$(mktemp -d)"
  chmod 755 "$stack_folder"
  trap end_stack EXIT
  need_server MARQUEE_TEST_KAFKA kafka.sh ""
  need_server MARQUEE_TEST_S3 minio.sh http://
  need_server MARQUEE_TEST_ELASTICSEARCH es.sh http://
  export MARQUEE_TEST_S3_KEY="${MARQUEE_TEST_S3_KEY:-minioadmin}"
  export MARQUEE_TEST_S3_SECRET="${MARQUEE_TEST_S3_SECRET:-minioadmin}"
  need_postgres
  need_mail_server
  need_openid
  need_schemathesis
  export MARQUEE_TEST_NGINX="${MARQUEE_TEST_NGINX:-$(PATH="$PATH:/usr/sbin" command -v nginx)}"
}

# need_server VARIABLE SCRIPT SCHEME
need_server() {
  local variable="$1" script="$2" scheme="$3" folder port
  [ -n "${!variable:-}" ] && return
  [ -n "${MARQUEE_STACK:-}" ] ||
    die "a real server is needed: set $variable to its address, or MARQUEE_STACK to a folder with $script"
  folder="$stack_folder/${script%.sh}"
  mkdir "$folder"
  port="$(free_port)"
  say "starting a server by $script"
  bash "$MARQUEE_STACK/$script" start "$folder" "$port" >"$folder.log" 2>&1 || {
    tail -n 40 "$folder.log" >&2
    die "$script could not start its server"
  }
  stack_started+=("$script")
  export "$variable=${scheme}127.0.0.1:$port"
}

need_postgres() {
  [ -n "${MARQUEE_TEST_POSTGRES:-}" ] && return
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || need_packages postgres:postgresql
  local programs folder="$stack_folder/postgres" port
  programs="$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)"
  port="$(free_port)"
  mkdir "$folder"
  [ "$(id -u)" != 0 ] || chown postgres "$folder"
  say "starting PostgreSQL"
  as_postgres "$programs/initdb" --auth=trust --username=postgres "$folder/data" >"$folder.log"
  as_postgres "$programs/pg_ctl" --pgdata="$folder/data" --wait --log="$folder/log" \
    --options="-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=400" \
    start >>"$folder.log" || die "PostgreSQL could not start: see $folder/log"
  stack_started+=("$programs/pg_ctl")
  export MARQUEE_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
}

# A Python with aiosmtpd: the tests start mail servers of their own with it.
need_mail_server() {
  [ -n "${MARQUEE_TEST_SMTP:-}" ] && return
  local home="$cache/test-smtp"
  if [ ! -x "$home/bin/aiosmtpd" ]; then
    say "installing a mail server into $home"
    python3 -c 'import ensurepip' 2>/dev/null || need_packages no-ensurepip:python3-venv
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet aiosmtpd==1.4.6
  fi
  export MARQUEE_TEST_SMTP="$home/bin/python"
}

# A folder with oidc-provider: the tests start OpenID providers of their own with it.
need_openid() {
  [ -n "${MARQUEE_TEST_OPENID:-}" ] && return
  local home="$cache/test-openid"
  if [ ! -d "$home/node_modules/oidc-provider" ]; then
    say "installing an OpenID provider into $home"
    npm install --silent --no-audit --no-fund --prefix "$home" oidc-provider@9.13.3
  fi
  export MARQUEE_TEST_OPENID="$home"
}

# schemathesis: the tests let it try the HTTP API.
need_schemathesis() {
  [ -n "${MARQUEE_TEST_SCHEMATHESIS:-}" ] && return
  local home="$cache/test-schemathesis"
  if [ ! -x "$home/bin/schemathesis" ]; then
    say "installing schemathesis into $home"
    python3 -c 'import ensurepip' 2>/dev/null || need_packages no-ensurepip:python3-venv
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet schemathesis==4.32.5
  fi
  export MARQUEE_TEST_SCHEMATHESIS="$home/bin/schemathesis"
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# A port that is free, and the next one too: Kafka takes two.
free_port() {
  python3 - <<'END'
import socket
while True:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        try:
            two.bind(("127.0.0.1", one.getsockname()[1] + 1))
        except (OSError, OverflowError):
            continue
        print(one.getsockname()[1])
        break
END
}

# Ends what was started here, and nothing else.
end_stack() {
  local started
  [ -n "$stack_folder" ] || return 0
  for started in "${stack_started[@]}"; do
    case "$started" in
      *.sh) bash "$MARQUEE_STACK/$started" stop "$stack_folder/${started%.sh}" || true ;;
      *) as_postgres "$started" --pgdata="$stack_folder/postgres/data" --mode=fast stop >/dev/null || true ;;
    esac
  done
  rm -rf "$stack_folder"
}
