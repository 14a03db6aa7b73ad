// Starts the real binary and a real browser, and ends both.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/marquee/target");

/** A folder that is removed at the end of the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "marquee-browser-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The repository's clip, `times` times over. */
export function loopedClip(into, name, times) {
  const clip = join(root, "testkit/media/bigbuckbunny-720p-5s.mp4");
  const path = join(into, name);
  const loop = ["-stream_loop", String(times - 1)];
  execFileSync("ffmpeg", ["-v", "error", ...loop, "-i", clip, "-c", "copy", path]);
  return path;
}

/** `marquee up` on a fresh data folder; resolves to its address. */
export async function marquee(t) {
  const binary = join(target, process.env.MARQUEE_TEST_PROFILE ?? "debug", "marquee");
  if (!existsSync(binary)) throw new Error(`${binary} is missing: build the workspace first`);
  const data = mkdtempSync(join(tmpdir(), "marquee-browser-"));
  const child = spawn(binary, ["up", "--data", data, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(data, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("ready: ")) return line.slice("ready: ".length);
  }
  throw new Error("marquee ended before it was ready");
}

/** A page whose complaints are collected in `page.complaints`. */
export async function page(t, viewport = { width: 1440, height: 900 }) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport });
  page.complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

/** Asks `look` until it gives something truthy; fails after `patience` ms. */
export async function until(what, look, patience = 90_000) {
  const end = performance.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the one video element of the page is doing. */
export function playback(page) {
  return page.evaluate(() => {
    const video = document.querySelector("video");
    return (
      video && {
        time: video.currentTime,
        duration: video.duration,
        frames: video.getVideoPlaybackQuality().totalVideoFrames,
        height: video.videoHeight,
        paused: video.paused,
      }
    );
  });
}
