// The way of a viewer in Firefox: find a film, play it, go elsewhere in it, choose a quality.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

import { FIREFOX, firefox, folder, loopedClip, marquee, playback, plays, upload, until } from "./harness.mjs";

const skip = existsSync(FIREFOX) ? false : `${FIREFOX} is missing: install firefox-esr`;

test("Firefox finds, plays, seeks and switches", { timeout: 240_000, skip }, async (t) => {
  const url = await marquee(t);
  await upload(url, loopedClip(folder(t), "buck.mp4", 8), "The Big Buck Bunny", "live");
  const page = await firefox(t);
  const named = (name, role) => page.locator(`::-p-aria([name="${name}"][role="${role}"])`);

  await page.goto(url);
  await named("Search films", "searchbox").fill("bukc bunny");
  await page.locator("::-p-aria(The Big Buck Bunny)").click();
  await until("the film to be loaded", async () => (await playback(page))?.duration > 40);
  assert.equal(
    await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="avc1.42c01f"')),
    true,
    "this Firefox cannot decode H.264: install libavcodec (Debian's ffmpeg package brings it)",
  );
  // Whether Firefox lets a page play by itself depends on what was done before.
  const settled = await until("the player to settle", async () => {
    const state = await page.$eval("[data-player]", (player) => player.dataset.state);
    return ["ready", "playing"].includes(state) && state;
  });
  if (settled === "ready") await named("Play", "button").click();
  await plays(page);

  await page.evaluate(() => { document.querySelector("video").currentTime = 35; });
  assert.ok((await plays(page)).time > 35);

  await page.locator("video").hover();
  await named("Settings", "button").click();
  await page.locator('[role="menuitem"]::-p-text(Quality)').click();
  await page.locator('[role="menuitemradio"]::-p-text(240p)').click();
  await page.evaluate(() => { document.querySelector("video").currentTime = 10; });
  await until("the picture to have 240 lines", async () => (await playback(page)).height === 240);
  await plays(page);
  assert.deepEqual(page.complaints, []);
});
