// Starts the real binary and a real browser, and ends both.
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/marquee/target");

export const FIREFOX = "/usr/bin/firefox-esr";

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

/** A silent film that ffmpeg draws, which is soon encoded: by default a second of a test card. */
export function drawnFilm(into, name, source = "testsrc=s=160x90:r=10:d=1") {
  const path = join(into, name);
  const codec = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...codec, path]);
  return path;
}

/** The clip `times` times over, with its sound twice: in English, and in German with an awkward name. */
export function bilingualClip(into, name, times) {
  const path = join(into, name);
  const sounds = ["-map", "0:v", "-map", "0:a", "-map", "0:a"];
  const names = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"];
  names.push("-metadata:s:a:1", 'title=Kommentar: "Größe", A & B <1>');
  const clip = loopedClip(into, `plain-${name}`, times);
  execFileSync("ffmpeg", ["-v", "error", "-i", clip, ...sounds, ...names, "-c", "copy", path]);
  return path;
}

function binary() {
  const path = join(target, process.env.MARQUEE_TEST_PROFILE ?? "debug", "marquee");
  if (!existsSync(path)) throw new Error(`${path} is missing: build the workspace first`);
  return path;
}

/** Uploads a film with the command line, waits for `state`; resolves to the video's id. */
export async function upload(url, film, title, state = "live", token = "") {
  const options = ["--server", url, "--title", title, "--wait", state];
  const env = { ...process.env, ...(token && { MARQUEE_TOKEN: token }) };
  const { stdout } = await promisify(execFile)(binary(), ["upload", film, ...options], { env });
  return stdout.match(/watch\/([a-z2-7]{26})/)[1];
}

/** The video's own description. */
export async function video(url, id) {
  return (await fetch(`${url}/api/videos/${id}`)).json();
}

/** `marquee up` on a fresh data folder; resolves to what it says: `ready`, and `admin` the first time. */
async function start(t, env) {
  const data = mkdtempSync(join(tmpdir(), "marquee-browser-"));
  const child = spawn(binary(), ["up", "--data", data, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(data, { recursive: true, force: true });
  });
  const said = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, what, value] = line.match(/^(\w+): (.*)$/) ?? [];
    said[what] = value;
    if (what === "ready") return said;
  }
  throw new Error("marquee ended before it was ready");
}

/** One where whoever asks is the owner; resolves to its address. */
export const marquee = async (t) => (await start(t, { MARQUEE__GATEWAY__OPEN: "true" })).ready;

export const PASSWORD = "correct horse";

/** One where people sign in and may take back what they deleted: its address, and the first admin's link. */
export async function marqueeOfPeople(t) {
  const { ready: url, admin } = await start(t, {
    MARQUEE__GATEWAY__OPEN: "false",
    MARQUEE__ACCOUNTS__REGISTRATION: "open",
    MARQUEE__RETENTION__GRACE_H: "72",
  });
  return { url, claim: admin };
}

/** Asks the API as whoever is signed in on `page`, which has to be on the site; resolves to status and body. */
export const ask = (page, method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const content = body && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      };
      const answer = await fetch(path, { method, ...content });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    [method, path, body],
  );

/** The same; what is refused fails the story. */
export async function did(page, method, path, body) {
  const { status, body: answer } = await ask(page, method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer?.detail}`);
  return answer;
}

/** The first admin, called ada, on `page`. */
export async function claimed(page, { url, claim }) {
  await page.goto(url);
  const token = new URL(claim).searchParams.get("token");
  const body = { token, name: "ada", display_name: "Ada", password: PASSWORD };
  await did(page, "POST", "/api/accounts/claim", body);
}

/** A token of whoever is signed in on `page`, for the command line. */
export async function tokenOf(page) {
  const body = { name: "tests", scopes: ["read", "upload", "edit"] };
  return (await did(page, "POST", "/api/accounts/tokens", body)).secret;
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

/** The same in Firefox, by puppeteer: playwright wants a Firefox of its own. */
export async function firefox(t) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    defaultViewport: { width: 1280, height: 800 },
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

/** Opens the player's settings, as people do: the controls hide until the mouse moves. */
export async function openSettings(page) {
  await page.locator("video").hover();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("menu").waitFor();
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

/** Plays from where the page stands until frames have come for `seconds` of film. */
export async function plays(page, seconds = 1) {
  // A call before the engine is there is lost: it is asked again while it stands still.
  const look = async () => {
    await page.evaluate(() => {
      const video = document.querySelector("video");
      if (video?.paused && !video.ended) video.play().catch(() => undefined);
    });
    return playback(page);
  };
  const first = await until("the player to have begun", async () => {
    const now = await look();
    return now && now.frames > 0 ? now : undefined;
  });
  return until("decoded frames and time to rise", async () => {
    const now = await look();
    const moved = now.time >= first.time + seconds && now.frames > first.frames;
    return moved ? now : undefined;
  });
}
