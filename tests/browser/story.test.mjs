// A film is uploaded by the page, watched while it is processed, sought, switched and found.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  folder,
  loopedClip,
  marquee,
  openSettings,
  page as newPage,
  playback,
  plays,
  until,
  video,
} from "./harness.mjs";

test("a film is uploaded, watched while it is processed, and found", { timeout: 300_000 }, async (t) => {
  const url = await marquee(t);
  const page = await newPage(t);
  const film = loopedClip(folder(t), "buck.mp4", 24);

  await page.goto(`${url}/upload`);
  await page.getByLabel("Choose film files to upload").setInputFiles(film);
  const row = page.getByRole("listitem").filter({ has: page.getByLabel("Title") }).first();
  await row.getByLabel("Title").fill("The Big Buck Bunny");
  const link = await until("the link to watch", async () => {
    const found = await row.getByRole("link", { name: "Watch" }).first().getAttribute("href");
    return found ?? undefined;
  });
  const id = link.match(/watch\/([a-z2-7]{26})/)[1];

  await until("the beginning to be playable", async () => {
    const now = await video(url, id);
    assert.notEqual(now.state, "failed", JSON.stringify(now.problem));
    return now.state === "playable" || now.state === "live";
  });
  assert.equal((await video(url, id)).complete, false, "the film is still being processed");
  await until("the title to be saved", async () => (await video(url, id)).title === "The Big Buck Bunny");

  await page.goto(`${url}/watch/${id}`);
  const started = await plays(page);
  assert.ok(Math.abs(started.duration - 127.5) < 2, `the whole duration from the start: ${started.duration}`);

  // Far ahead, where nothing is prepared unless the machine is very fast.
  await page.evaluate(() => { document.querySelector("video").currentTime = 110; });
  const sought = await plays(page);
  assert.ok(sought.time > 110, `it goes on from where it was sought: ${sought.time}`);

  await openSettings(page);
  await page.getByRole("menuitem", { name: /Quality/ }).click();
  await page.getByRole("menuitemradio", { name: "240p", exact: true }).click();
  await page.evaluate(() => { document.querySelector("video").currentTime = 60; });
  await until("the picture to have 240 lines", async () => (await playback(page)).height === 240);
  await plays(page);

  await until("the film to be live", async () => (await video(url, id)).state === "live");
  await page.goto(`${url}/search?q=big+buk+buny`);
  await page.getByRole("link", { name: /The Big Buck Bunny/ }).first().waitFor();

  await page.goto(`${url}/watch/${id}?engine=dash`);
  await until("dash.js to be at work", async () =>
    (await page.locator("[data-engine]").first().getAttribute("data-engine")) === "dash");
  await plays(page);
  assert.deepEqual(page.complaints, []);
});
