// Pictures of every page in both windows, as docs/pages.md shows them: `screenshots.mjs FOLDER`.
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { did, until } from "./harness.mjs";
import { WINDOWS } from "./judge.mjs";
import { tour, world } from "./tour.mjs";

/** What a repository carries along for ever is small. */
const MOST_BYTES = 60_000;
const TALLEST = 1_600;
/** As good as fits. */
const QUALITIES = ["60", "40", "20"];

const [into] = process.argv.slice(2);
if (!into) throw new Error("usage: screenshots.mjs FOLDER");
mkdirSync(into, { recursive: true });

async function shoot(page, name) {
  const { width, height: window } = page.viewportSize();
  const path = join(into, `${name.replaceAll(" ", "-")}-${width}.webp`);
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  const height = Math.min(Math.max(whole, window), TALLEST);
  const png = await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width, height } });
  for (const quality of QUALITIES) {
    const encoder = ["-c:v", "libwebp", "-quality", quality, "-preset", "text"];
    execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "png_pipe", "-i", "-", ...encoder, path], { input: png });
    if (statSync(path).size <= MOST_BYTES) return;
  }
  throw new Error(`${path} has more than ${MOST_BYTES} bytes`);
}

const ends = [];
try {
  const there = await world({ after: (end) => ends.push(end) });
  const { rabbit, steamer } = there.films;
  const complete = async (id) => (await did(there.ada, "GET", `/api/videos/${id}`)).complete;
  await until("the films to be prepared", async () => (await Promise.all([rabbit, steamer].map(complete))).every(Boolean));
  for (const size of WINDOWS) await tour(there, size, shoot);
} finally {
  for (const end of ends.reverse()) await end();
}
