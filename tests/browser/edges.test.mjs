// The first of a film's edges is dead: players go on to the next.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";

import { folder, loopedClip, marquee, page as newPage, plays, upload } from "./harness.mjs";

/** An address where nobody answers. */
async function deadEdge() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listens) => server.once("listening", listens));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
}

test("a dead edge stops no player", { timeout: 120_000 }, async (t) => {
  const url = await marquee(t);
  const id = await upload(url, loopedClip(folder(t), "buck.mp4", 1), "A film");
  for (const engine of ["hls", "dash"]) {
    const dead = await deadEdge();
    const page = await newPage(t);
    const watch = await (await fetch(`${url}/api/watch/${id}`)).json();
    const { playback } = watch;
    const at = (path) => dead + new URL(path, url).pathname;
    playback.bases = [dead, ...playback.bases];
    playback.hls_url = at(playback.hls_url);
    playback.dash_url = at(playback.dash_url);
    await page.route("**/api/watch/*", (route) => route.fulfill({ json: watch }));
    let refused = 0;
    page.on("requestfailed", (request) => {
      if (request.url().startsWith(dead)) refused += 1;
    });
    await page.goto(`${url}/watch/${id}?engine=${engine}`);
    await plays(page);
    const used = await page.locator("[data-engine]").first().getAttribute("data-engine");
    assert.equal(used, engine);
    assert.ok(refused > 0, "the dead edge was never asked");
    await page.close();
  }
});
