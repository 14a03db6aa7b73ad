#!/bin/sh
# Makes a minute of test picture and tone as HLS and DASH over the same segments, for `npm run mock`.
set -eu
folder=${1:?usage: make-sample.sh FOLDER}
mkdir -p "$folder/images"
cd "$folder"
ffmpeg -v error -y -f lavfi -i testsrc2=s=1280x720:r=25:d=60 -f lavfi -i sine=f=440:d=60:r=48000 \
  -map 0:v -map 0:v -map 0:v -map 1:a -c:v libx264 -preset ultrafast -g 100 -keyint_min 100 \
  -sc_threshold 0 -bf 0 -s:v:0 426x240 -b:v:0 300k -s:v:1 640x360 -b:v:1 700k -s:v:2 1280x720 \
  -b:v:2 2000k -c:a aac -b:a 96k -ac 2 -seg_duration 4 -use_template 1 -use_timeline 1 \
  -adaptation_sets 'id=0,streams=v id=1,streams=a' -hls_playlist 1 -f dash manifest.mpd
for k in 0 1 2 3; do
  ffmpeg -v error -y -f lavfi -i testsrc2=s=640x360:r=1:d=60 -ss $((k * 12 + 3)) -frames:v 1 "images/hover-$k.jpg"
done
cp images/hover-1.jpg images/poster.jpg
