// A viewer without a mouse: captions, jumps, the next film, the help.
import assert from "node:assert/strict";
import { test } from "node:test";

import { folder, loopedClip, marquee, page as newPage, playback, plays, until, upload } from "./harness.mjs";

const LINE = "A line to read along";
const CAPTIONS = `#EXTM3U
#EXT-X-TARGETDURATION:30
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:30,
en.vtt
#EXT-X-ENDLIST
`;

/** Adds captions to the playlists on their way to the page. */
async function captioned(page) {
  await page.route("**/master.m3u8*", async (route) => {
    const answer = await route.fetch();
    const lines = (await answer.text())
      .replace("#EXT-X-INDEPENDENT-SEGMENTS", '$&\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",' +
        'NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,URI="en.m3u8"')
      .replace(/CLOSED-CAPTIONS=NONE/g, '$&,SUBTITLES="subs"');
    await route.fulfill({ response: answer, body: lines });
  });
  await page.route("**/en.m3u8*", (route) => route.fulfill({ body: CAPTIONS }));
  await page.route("**/en.vtt*", (route) =>
    route.fulfill({ body: `WEBVTT\n\n00:00.000 --> 00:29.000\n${LINE}\n` }));
}

const lineShown = (page) =>
  page.evaluate(() => {
    const shown = [...document.querySelector("video").textTracks].find(({ mode }) => mode === "showing");
    return shown?.activeCues?.[0]?.text;
  });

test("the keyboard alone is enough", { timeout: 240_000 }, async (t) => {
  const url = await marquee(t);
  const film = loopedClip(folder(t), "buck.mp4", 6);
  await upload(url, film, "The first film");
  await upload(url, film, "The second film");
  const page = await newPage(t);
  await captioned(page);
  const press = (key) => page.keyboard.press(key);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");

  // The newest is the first in the list: two stops after the search and the upload.
  await page.goto(url);
  await page.getByRole("link", { name: /The second film/ }).waitFor();
  await until("the film to be reached", async () => {
    await press("Tab");
    return (await focused()).includes("The second film");
  });
  await press("Enter");
  await page.getByRole("region", { name: "Video player" }).waitFor();
  await plays(page);

  await press("c");
  await until("the captions to be read", async () => (await lineShown(page)) === LINE);
  await page.getByText("Captions: English").waitFor();
  await press("c");
  assert.equal(await lineShown(page), undefined);

  await press("k");
  await until("a pause", async () => (await playback(page)).paused);
  const { time } = await playback(page);
  await press("l");
  await until("ten seconds more", async () => Math.abs((await playback(page)).time - time - 10) < 0.5);
  await press("5");
  await until("the middle", async () => Math.abs((await playback(page)).time - 15.9) < 0.5);
  await press("Shift+>");
  assert.equal(await page.evaluate(() => document.querySelector("video").playbackRate), 1.25);

  await press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });

  await press("Shift+N");
  await page.getByRole("heading", { level: 1, name: "The first film" }).waitFor();
  await plays(page);
  await press("/");
  await page.keyboard.type("secnd");
  await page.getByRole("link", { name: /The second film/ }).waitFor();
  assert.deepEqual(page.complaints, []);
});
