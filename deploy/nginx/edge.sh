#!/bin/sh
# An nginx edge. Renders nginx.conf.template from the variables below, starts nginx in place of itself
# and keeps the disk within its budget. `edge.sh reload` renders anew and lets the running edge take
# over what changed: the key, the origin, the certificate.
#
#   MARQUEE_EDGE_ORIGIN          the origins: "http://10.0.0.5:8090 http://10.0.0.6:8090"    required
#   MARQUEE_EDGE_SEED_KEY_FILE   a file with what seeding takes, and what pulls show         required
#   MARQUEE_EDGE_PLAYBACK_KEY_FILE  a file with the key that playback tokens are made with; each of
#                                its lines is accepted                                       required
#   MARQUEE_EDGE_FOLDER          the folder of this edge alone       /var/lib/marquee-edge
#   MARQUEE_EDGE_SIZE_MB         disk space for films                20000
#   MARQUEE_EDGE_LISTEN          port, or address and port           8080
#   MARQUEE_EDGE_SERVER_NAME     its name                            _
#   MARQUEE_EDGE_TLS_CERTIFICATE, MARQUEE_EDGE_TLS_KEY               files; with them HTTPS and HTTP/2
#   MARQUEE_EDGE_ORIGIN_CA       a file with who signed the certificates of https:// origins
#   MARQUEE_EDGE_MAX_OBJECT      the largest object to be seeded     1g
#   MARQUEE_EDGE_WORKERS         processes that serve                auto
#   MARQUEE_EDGE_ACCESS_LOG      a file, or off                      /dev/stdout
#   MARQUEE_EDGE_NGINX           the program                         nginx
#   MARQUEE_EDGE_MODULES         the folder of its modules           modules
set -eu
umask 077

here="$(cd "$(dirname "$0")" && pwd)"

die() {
  printf 'edge: %s\n' "$*" >&2
  exit 1
}

settings() {
  origins="${MARQUEE_EDGE_ORIGIN:?edge: set MARQUEE_EDGE_ORIGIN to where the edge-provider serves, for instance http://10.0.0.5:8090}"
  key_file="${MARQUEE_EDGE_SEED_KEY_FILE:?edge: set MARQUEE_EDGE_SEED_KEY_FILE to a file with the key that seeding takes}"
  playback_key_file="${MARQUEE_EDGE_PLAYBACK_KEY_FILE:?edge: set MARQUEE_EDGE_PLAYBACK_KEY_FILE to a file with the playback key of Marquee}"
  folder="${MARQUEE_EDGE_FOLDER:-/var/lib/marquee-edge}"
  size_mb="${MARQUEE_EDGE_SIZE_MB:-20000}"
  listen="${MARQUEE_EDGE_LISTEN:-8080}"
  server_name="${MARQUEE_EDGE_SERVER_NAME:-_}"
  certificate="${MARQUEE_EDGE_TLS_CERTIFICATE:-}"
  certificate_key="${MARQUEE_EDGE_TLS_KEY:-}"
  origin_ca="${MARQUEE_EDGE_ORIGIN_CA:-/etc/ssl/certs/ca-certificates.crt}"
  max_object="${MARQUEE_EDGE_MAX_OBJECT:-1g}"
  workers="${MARQUEE_EDGE_WORKERS:-auto}"
  access_log="${MARQUEE_EDGE_ACCESS_LOG:-/dev/stdout}"
  nginx="${MARQUEE_EDGE_NGINX:-nginx}"
  modules="${MARQUEE_EDGE_MODULES:-modules}"
  run="$folder/run"
  [ "$(id -u)" != 0 ] || die "start me as another user than root: nothing that an edge does needs it"
  case "$folder" in
    /*) ;;
    *) die "MARQUEE_EDGE_FOLDER must begin with a slash, it is $folder" ;;
  esac
  case "$folder$certificate$certificate_key$origin_ca$access_log$listen$server_name$modules" in
    *[!A-Za-z0-9/._:,\ *\[\]-]*) die "paths and names may consist of letters, digits and ._-:/ only" ;;
  esac
  case "$size_mb" in
    *[!0-9]* | '') die "MARQUEE_EDGE_SIZE_MB must be a number, it is $size_mb" ;;
  esac
}

# Everything below run/ is made anew at each start.
render() {
  mkdir -p "$folder/films" "$folder/denied" "$folder/tmp" "$run" 2>/dev/null ||
    die "cannot write to $folder: give it to the user $(id -u)"
  key="$(cat "$key_file")" || die "cannot read the seeding key in $key_file"
  case "$key" in
    '' | *[!A-Za-z0-9._~+/=-]*) die "the seeding key in $key_file must be of letters, digits and ._~+/=-" ;;
  esac
  printf '"~^Bearer \\Q%s\\E$" 1;\n' "$key" >"$run/seed-key.conf"
  printf 'proxy_set_header Authorization "Bearer %s";\n' "$key" >"$run/origin-key.conf"
  render_playback
  scheme=
  : >"$run/origin.conf"
  for origin in $origins; do
    [ -z "$scheme" ] || [ "$scheme" = "${origin%%://*}" ] || die "all origins must have the same scheme"
    scheme="${origin%%://*}"
    host="${origin#*://}"
    host="${host%/}"
    case "$scheme $host" in
      'http '*[!A-Za-z0-9.:\[\]-]* | 'https '*[!A-Za-z0-9.:\[\]-]* | 'http ' | 'https ')
        die "an origin must be an address such as http://10.0.0.5:8090, it is $origin" ;;
      'https '*:*) ;;
      'https '*) host="$host:443" ;;
      'http '*) ;;
      *) die "an origin must be an address such as http://10.0.0.5:8090, it is $origin" ;;
    esac
    printf 'server %s fail_timeout=2s;\n' "$host" >>"$run/origin.conf"
  done
  : >"$run/origin-tls.conf"
  if [ "$scheme" = https ]; then
    {
      printf 'proxy_ssl_verify on;\nproxy_ssl_verify_depth 4;\nproxy_ssl_server_name on;\n'
      printf 'proxy_ssl_name %s;\nproxy_ssl_trusted_certificate %s;\n' "${host%:*}" "$origin_ca"
    } >"$run/origin-tls.conf"
  fi
  : >"$run/tls.conf"
  if [ -n "$certificate" ]; then
    listen="$listen ssl http2"
    cat >"$run/tls.conf" <<END
ssl_certificate $certificate;
ssl_certificate_key ${certificate_key:?edge: set MARQUEE_EDGE_TLS_KEY, the key of the certificate};
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache shared:tls:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
END
  fi
  log=off
  [ "$access_log" = off ] || log="$access_log json"
  connections=$(($(ulimit -n) / 2))
  sed -e "s|@RUN@|$run|g" -e "s|@FOLDER@|$folder|g" -e "s|@LISTEN@|$listen|g" \
    -e "s|@SERVER_NAME@|$server_name|g" -e "s|@ORIGIN_SCHEME@|$scheme|g" \
    -e "s|@WORKERS@|$workers|g" -e "s|@CONNECTIONS@|$connections|g" \
    -e "s|@NDK_MODULE@|$modules/ndk_http_module.so|g" -e "s|@LUA_MODULE@|$modules/ngx_http_lua_module.so|g" \
    -e "s|@MAX_OBJECT@|$max_object|g" -e "s|@ACCESS_LOG@|$log|g" \
    -e "s|@TRANSIT_SIZE@|$((size_mb / 20 + 64))m|g" -e "s|@MANIFESTS_SIZE@|$((size_mb / 100 + 16))m|g" \
    "$here/nginx.conf.template" >"$run/nginx.conf"
}

# What playback.lua knows: compiled once, rather than read for each request.
render_playback() {
  keys=
  while read -r key || [ -n "$key" ]; do
    case "$key" in
      '') ;;
      *[!A-Za-z0-9._~+/=-]*) die "the playback key in $playback_key_file must be of letters, digits and ._~+/=-" ;;
      *) keys="$keys'$key', " ;;
    esac
  done <"$playback_key_file" || die "cannot read the playback key in $playback_key_file"
  [ -n "$keys" ] || die "there is no playback key in $playback_key_file"
  printf "return { keys = { %s }, denied = '%s' }\n" "$keys" "$folder/denied" >"$run/settings.lua"
  cp "$here/playback.lua" "$run/playback.lua"
}

# Whoever has the descriptor has the folder: this shell, and nginx after it.
take_folder() {
  exec 9>"$folder/lock"
  # One that was just told to end may need a moment.
  flock -w 5 9 || die "another edge is running on the folder $folder: stop it or give this one its own"
}

# What a power failure may have torn: what was written after the last time all was known to be on
# the disk. What was never finished, in any case.
recover() {
  boot="$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)"
  if [ -e "$folder/boot" ] && [ "$(cat "$folder/boot")" != "$boot" ]; then
    find "$folder/films" -type f -newer "$folder/synced" -delete
    # What was denied last may be lost: without a mark this edge is told all anew.
    rm -f "$folder/denied/mark"
  fi
  [ -e "$folder/synced" ] || : >"$folder/synced"
  echo "$boot" >"$folder/boot"
  rm -rf "$folder/tmp" "$folder/transit" "$run/pull.sock"
  mkdir "$folder/tmp"
}

# keep_up PID: every few seconds while the process lives, makes what was written durable, and room
# for what comes.
keep_up() {
  exec 9>&-
  while kill -0 "$1" 2>/dev/null; do
    : >"$folder/syncing"
    sync -f "$folder/films" && mv "$folder/syncing" "$folder/synced"
    make_room
    forget_denied
    sleep 10
  done
}

# Removes what was not asked for longest, as far as the file system tells (see docs/edges.md), until
# a tenth of the budget is free; on a disk that is full before, until a twentieth of the budget is.
make_room() {
  (
    cd "$folder/films" || exit
    used=$(du -sk . | cut -f 1)
    free=$(df -Pk . | awk 'NR == 2 { print $4 }')
    over=$((used - size_mb * 1024))
    [ "$over" -le 0 ] || over=$((over + size_mb * 102))
    short=$((size_mb * 51 - free))
    [ "$short" -le "$over" ] || over=$short
    [ "$over" -gt 0 ] || exit 0
    find . -type f -printf '%A@ %k %p\n' | sort -n |
      awk -v over="$over" 'over <= 0 { exit } { over -= $2; print $3 }' | xargs -r rm -f
    find . -mindepth 3 -type d -empty -mmin +60 -delete
  ) 2>/dev/null || :
}

# Removes what outlived all tokens by an hour: they are good for six.
forget_denied() {
  find "$folder/denied" -type f ! -name mark -mmin +420 -delete 2>/dev/null || :
}

settings
case "${1:-start}" in
  start)
    ulimit -n "$(ulimit -H -n)" 2>/dev/null || :
    mkdir -p "$folder" 2>/dev/null || die "cannot write to $folder: give it to the user $(id -u)"
    take_folder
    render
    recover
    keep_up $$ &
    exec "$nginx" -e stderr -c "$run/nginx.conf"
    ;;
  reload)
    render
    "$nginx" -e stderr -c "$run/nginx.conf" -t -q || die "nginx refuses this configuration: see above"
    kill -HUP "$(cat "$run/nginx.pid")"
    ;;
  *) die "I know start and reload, not $1" ;;
esac
