# Shared by the scripts: finds or installs what Marquee is built from. Source it.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/marquee"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
mkdir -p "$cache" "$CARGO_TARGET_DIR"

say() { printf '%s\n' "marquee: $*" >&2; }

die() {
  say "$*"
  exit 1
}

# as_root COMMAND…: runs it as root, by sudo where we are not.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root: $*"
  fi
}

# need_packages COMMAND:PACKAGE…: installs the Debian packages of the commands that are missing.
need_packages() {
  local missing=() pair
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ "${#missing[@]}" = 0 ] && return
  command -v apt-get >/dev/null ||
    die "please install these (named as in Debian) and start again: ${missing[*]}"
  say "installing: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >"$cache/apt.log" 2>&1 ||
    die "apt-get could not install them: see $cache/apt.log"
}

# What it takes to run Marquee, and to build it.
need_build_tools() {
  need_packages ffmpeg:ffmpeg bwrap:bubblewrap prlimit:util-linux cc:build-essential \
    pkg-config:pkg-config python3:python3
  # What encrypts connections to Kafka.
  pkg-config --exists openssl || need_packages no-openssl:libssl-dev
  need_rust
  need_node
}

need_rust() {
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  if ! command -v cargo >/dev/null; then
    # Debian 13 and Ubuntu 24.04 have rustup as a package; older ones do not.
    need_packages rustup:rustup
    rustup toolchain install --profile minimal --component clippy,rustfmt stable
  fi
  local have
  have="$(rustc --version | cut -d' ' -f2)"
  at_least "$have" 1.95.0 || die "Rust 1.95 or later is needed, this is $have: run 'rustup update stable'"
}

# The frontend's tools need a newer Node than Debian 12 has; the npm registry ships one.
need_node() {
  need_packages node:nodejs npm:npm
  at_least "$(node --version | tr -d v)" 20.19.0 && return
  local home="$cache/node"
  if [ ! -x "$home/node_modules/.bin/node" ]; then
    say "installing Node.js 22 into $home"
    npm install --silent --no-audit --no-fund --prefix "$home" node@22
  fi
  export PATH="$home/node_modules/.bin:$PATH"
}

# at_least VERSION WANTED
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# nginx, and its Lua, by which edges look at playback tokens.
need_nginx() {
  PATH="$PATH:/usr/sbin" need_packages nginx:nginx
  [ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ] || need_packages no-command:libnginx-mod-http-lua
}

# The browsers for the tests. Ubuntu has no firefox-esr: there, its story says that it is skipped.
need_browser() {
  need_packages chromium:chromium
  grep -qs '^ID=ubuntu' /etc/os-release || need_packages firefox-esr:firefox-esr
}

# stale MARKER PATH…: whether anything below the paths is newer than the marker.
stale() {
  local marker="$1"
  shift
  [ ! -e "$marker" ] || [ -n "$(find "$@" -newer "$marker" -type f -print -quit)" ]
}

# Installs the npm packages of the folder we are in, unless that was done already.
npm_packages() {
  stale node_modules/.package-lock.json package.json package-lock.json || return 0
  say "installing the packages of ${PWD#"$root"/}"
  npm ci --silent --no-audit --no-fund
  touch node_modules/.package-lock.json
}

# Installs the frontend's packages and builds it, unless that was done already.
build_frontend() {
  (
    cd "$root/frontend"
    npm_packages
    if stale dist/index.html src public build index.html package.json vite.config.ts; then
      say "building the frontend"
      npm run --silent build >"$cache/frontend.log" 2>&1 || {
        cat "$cache/frontend.log" >&2
        die "the frontend does not build"
      }
    fi
  )
}

# Builds the release binary, the frontend inside it.
build_release() {
  build_frontend
  say "building the release binary (the first time takes a while)"
  (cd "$root" && cargo build --quiet --release --locked --package marquee)
}
