// Parsers and a player that others wrote read what Marquee serves, and complain of nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import HLS from "hls-parser";
import { Parser } from "m3u8-parser";
import { parse as parseMpd } from "mpd-parser";

import { bilingualClip, folder, marquee, page as newPage, plays, upload, until } from "./harness.mjs";

const LENGTH_S = 4 * 5.3;
const near = (seconds) => Math.abs(seconds - LENGTH_S) < 0.5;
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

async function text(address) {
  const answer = await fetch(address);
  assert.equal(answer.status, 200, `${address}`);
  return answer.text();
}

/** Reads a playlist with both parsers; a warning or refusal of theirs is a fault. */
function readPlaylist(source) {
  const words = [];
  const parser = new Parser();
  parser.on("warn", ({ message }) => words.push(message));
  parser.push(source);
  parser.end();
  assert.deepEqual(words, [], source);
  return HLS.parse(source);
}

test("strict parsers and Shaka Player take the manifests as they are", { timeout: 300_000 }, async (t) => {
  HLS.setOptions({ strictMode: true });
  const url = await marquee(t);
  const film = bilingualClip(folder(t), "two-voices.mp4", 4);
  const id = await upload(url, film, 'Zwei Stimmen: "laut" & <leise>', "complete");
  const { playback } = await (await fetch(`${url}/api/watch/${id}`)).json();
  const hls = new URL(playback.hls_url, url);
  const dash = new URL(playback.dash_url, url);

  await t.test("hls-parser and m3u8-parser read every playlist", async () => {
    const master = readPlaylist(await text(hls));
    const sounds = master.variants[0].audio;
    assert.deepEqual(sounds.map((sound) => sound.language), ["en", "de"]);
    const uris = [...master.variants, ...sounds].map(({ uri }) => uri);
    assert.ok(master.variants.length > 1, "there are several qualities");
    const counts = new Set();
    for (const uri of uris) {
      const source = await text(new URL(uri, hls));
      const { segments, endlist, targetDuration } = readPlaylist(source);
      assert.ok(endlist && near(sum(segments.map(({ duration }) => duration))), uri);
      counts.add(`${segments.length} of ${targetDuration} s`);
      // The judge itself is awake: it refuses the same playlist with its length taken away.
      assert.throws(() => HLS.parse(source.replace(/#EXT-X-TARGETDURATION.*\n/, "")));
    }
    assert.equal(counts.size, 1, `all have the same segments: ${[...counts]}`);
  });

  await t.test("mpd-parser reads the DASH manifest", async () => {
    const words = [];
    const manifest = parseMpd(await text(dash), {
      manifestUri: dash.href,
      eventHandler: (event) => words.push(event.message),
    });
    assert.deepEqual(words, []);
    assert.ok(near(manifest.duration), `${manifest.duration}`);
    const sounds = Object.values(manifest.mediaGroups.AUDIO.audio);
    assert.deepEqual(sounds.map((sound) => sound.language).sort(), ["de", "en"]);
    const playlists = [...manifest.playlists, ...sounds.flatMap((sound) => sound.playlists)];
    for (const { segments } of playlists) {
      assert.ok(near(sum(segments.map(({ duration }) => duration))));
    }
  });

  for (const [name, address] of [["HLS", hls], ["DASH", dash]]) {
    await t.test(`Shaka Player plays the ${name}`, async (t) => {
      const page = await shaka(t, url);
      const facts = await page.evaluate((address) => window.load(address), address.href);
      assert.ok(near(facts.duration), `${facts.duration}`);
      assert.deepEqual(facts.languages.sort(), ["de", "en"]);
      const begun = await plays(page);
      // The last seconds, in the other language: other segments, decoded anew.
      await page.evaluate((time) => window.change("de", time), LENGTH_S - 5);
      const later = await plays(page);
      assert.ok(later.time > LENGTH_S - 5 && later.frames > begun.frames);
      assert.deepEqual(await page.evaluate(() => window.words), []);
      assert.deepEqual(page.complaints, []);
    });
  }
});

const PAGE = `<!doctype html><title>Shaka</title><link rel="icon" href="data:,">
<video muted></video><script src="shaka.js"></script><script>
window.words = [];
for (const kind of ["warn", "error"]) {
  console[kind] = (...said) => window.words.push(kind + ": " + said.join(" "));
}
shaka.log.setLevel(shaka.log.Level.WARNING);
window.load = async (address) => {
  window.player = new shaka.Player();
  player.addEventListener("error", ({ detail }) => words.push("error " + detail.code + " " + detail.data));
  // Without a wish it warns of every variant in another language than the first.
  player.configure({ preferredAudio: [{ language: "en" }] });
  await player.attach(document.querySelector("video"));
  await player.load(address);
  const languages = player.getAudioTracks().map(({ language }) => language);
  return { duration: player.seekRange().end, languages };
};
window.change = (language, time) => {
  player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === language));
  document.querySelector("video").currentTime = time;
};
</script>`;

/** A page of the same origin with Shaka in its debug build, which warns of what it does not like. */
async function shaka(t, url) {
  const page = await newPage(t);
  const file = createRequire(import.meta.url).resolve("shaka-player/package.json");
  const script = readFileSync(new URL("dist/shaka-player.compiled.debug.js", `file://${file}`));
  await page.route(`${url}/judge/**`, (route) =>
    route.request().url().endsWith("shaka.js")
      ? route.fulfill({ contentType: "text/javascript", body: script })
      : route.fulfill({ contentType: "text/html", body: PAGE }),
  );
  await page.goto(`${url}/judge/`);
  await until("Shaka to be there", () => page.evaluate(() => shaka.Player.isBrowserSupported()));
  return page;
}
