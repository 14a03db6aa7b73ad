# Shared by the measurements of edges. Source it after lib.sh.
# shellcheck shell=bash

PATH="$PATH:/usr/sbin"
video="$(printf 'a%.0s' {1..26})"

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The edge refuses to be root.
as_nobody() {
  if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else exec "$@"; fi
}

# token KEY: plays everything of $video for five to six hours; platform/auth/src/playback.rs.
token() {
  python3 - "$1" "$video" <<'END'
import base64, hashlib, hmac, sys, time
expires = int(time.time()) // 3600 * 3600 + 6 * 3600
message = f"marquee playback token v1\n{expires}\n0\n-\n{sys.argv[2]}"
mac = hmac.new(sys.argv[1].encode(), message.encode(), hashlib.sha256).digest()
print(f"1.{expires}.0.-.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")
END
}

# seed HOST KEY PATH FILE: brings FILE to PATH of the edge.
seed() {
  curl -sf --max-time 20 --retry 20 --retry-delay 1 --retry-connrefused -H Expect: -o "$work/answer" -X PUT \
    -H "Authorization: Bearer $2" -T "$4" "http://$1$3" || die "an edge cannot be seeded: $(cat "$work"/*.log)"
}

# measure HOST SCRIPT SECONDS: requests a second; every answer must be whole.
measure() {
  wrk -t 1 -c 16 -d "${3}s" -s "$2" "http://$1" >"$work/wrk"
  ! grep -q 'Non-2xx\|Socket errors' "$work/wrk" || die "not every answer was good: $(cat "$work/wrk")"
  awk '/Requests\/sec/ { print $2 }' "$work/wrk"
}

# turn FOLDER SUFFIX COUNT FILE: writes a script for wrk that asks for N in turn.
turn() {
  cat >"$4" <<END
local n = 0
request = function()
  n = (n + 7) % $3
  return wrk.format("GET", "$1/" .. n .. "$2")
end
END
}
