// Every page in every state: no accessibility rule broken, nothing wider than the window, no complaint.
// Those about people are in people.test.mjs.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { folder, loopedClip, marquee, openSettings, page as newPage, plays, upload, until } from "./harness.mjs";
import { judge, WINDOWS } from "./judge.mjs";

/** A film and a file that is none. */
async function fill(t, url) {
  const files = folder(t);
  const id = await upload(url, loopedClip(files, "buck.mp4", 6), "The Big Buck Bunny", "live");
  writeFileSync(join(files, "notes.mp4"), "Not a film at all, whatever its name says.\n".repeat(50));
  await upload(url, join(files, "notes.mp4"), "Notes of the summer holidays", "none");
  const failed = await until("the other to fail", async () => {
    const answer = await fetch(`${url}/api/videos?state=all`);
    return (await answer.json()).items.find(({ state }) => state === "failed");
  });
  return { id, failed: failed.video_id };
}

async function visit(page, url, { id, failed }) {
  const open = (path) => page.goto(url + path);
  await open("/");
  await page.getByRole("link", { name: /Big Buck Bunny/ }).first().waitFor();
  await judge(page, "home");
  await open("/search?q=bukc");
  await page.locator("mark").first().waitFor();
  await judge(page, "search");
  await open("/search?q=xylophone");
  await page.getByText("Nothing found").waitFor();
  await judge(page, "search nothing");
  await open("/upload");
  await page.getByRole("heading", { name: "Upload films" }).waitFor();
  await judge(page, "upload");
  const file = { name: "notes.mp4", mimeType: "video/mp4", buffer: Buffer.from("Not a film.\n") };
  await page.getByLabel("Choose film files to upload").setInputFiles(file);
  await page.getByRole("alert").waitFor();
  await judge(page, "upload failed");
  await open("/nowhere");
  await page.getByRole("heading", { name: "Page not found" }).waitFor();
  await judge(page, "nowhere");
  await open(`/watch/${failed}`);
  await page.getByRole("alert").waitFor();
  await judge(page, "watch failed");
  await open(`/watch/${id}`);
  await plays(page);
  await judge(page, "watch");
  await openSettings(page);
  await judge(page, "watch settings");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await judge(page, "watch help");
  await page.keyboard.press("Escape");
  await until("the dialog to be closed", async () => (await page.getByRole("dialog").count()) === 0);
}

test("every page is accessible and fits", { timeout: 300_000 }, async (t) => {
  const url = await marquee(t);
  const empty = await newPage(t);
  await empty.goto(url);
  await empty.getByText("Nothing is showing yet").waitFor();
  await judge(empty, "home empty");
  await empty.getByRole("link", { name: "Licences" }).click();
  await empty.getByText(/^hls\.js \d/m).waitFor();
  const films = await fill(t, url);
  for (const { colorScheme, ...viewport } of WINDOWS) {
    await t.test(`${viewport.width} px, ${colorScheme}`, async (t) => {
      const page = await newPage(t, viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await visit(page, url, films);
      assert.deepEqual(page.complaints, []);
    });
  }
});
