#!/bin/sh
# Makes the secrets that are missing in a folder: 190 random bits each. Those who read them run as
# different users in their containers, so that the volume is the boundary: only containers that are
# to read it have it.
set -eu
folder="$1"
for name in postgres objects seed service playback grafana; do
  file="$folder/$name"
  [ -s "$file" ] && continue
  head -c 1024 /dev/urandom | tr -dc 'A-Za-z0-9' | head -c 32 >"$file.new"
  chmod 444 "$file.new"
  mv "$file.new" "$file"
done
