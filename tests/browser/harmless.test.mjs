// Whatever people write into titles, descriptions, tags, names, file names and searches stays text, in
// Chromium and in Firefox: no dialog, no violation of the content security policy, no request elsewhere.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { json } from "node:stream/consumers";

import {
  ask, claimed, drawnFilm, FIREFOX, firefox, folder, marqueeOfPeople, page as newPage, PASSWORD, tokenOf, until, upload,
} from "./harness.mjs";
import { PAYLOADS } from "./payloads.mjs";

const FILMS = 12;
const WORD = "zebra";
/** So many make a film's description and tags. */
const A_FILM = 6;
/** Of so many names one is looked at in Firefox. */
const IN_FIREFOX = 12;
const TURNS = /[\u202A-\u202E\u2066-\u2069]/;
const WRITABLE = PAYLOADS.filter((text) => !TURNS.test(text) && !/[\u2028\u2029]/.test(text));
const HALF = Math.ceil(PAYLOADS.length / 2);

/** Runs in the page before anything else: violations become complaints. */
const report = () =>
  document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));

/** Notes in `page.harm` what text did that text cannot do. */
async function guard(page, url) {
  page.harm = [];
  page.on("dialog", (dialog) => {
    page.harm.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(url).origin) page.harm.push(request.url());
  });
  await (page.addInitScript?.(report) ?? page.evaluateOnNewDocument(report));
}

/** Elements and attributes that the pages never have of themselves. */
function foreign() {
  const found = [];
  const own = (link) => ["http:", "https:", "mailto:"].includes(link.protocol);
  const odd = "iframe, object, embed, base, meta[http-equiv], style, form[action], use, script:not([src])";
  for (const element of document.querySelectorAll(odd)) found.push(element.outerHTML);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || /^(src|href|poster)$/.test(name) && /^\s*(javascript|data:text)/i.test(value)) {
        found.push(element.outerHTML);
      }
    }
  }
  return [...found, ...[...document.links].filter((link) => !own(link)).map(({ href }) => href)];
}

async function unharmed(page, where) {
  assert.deepEqual(await page.evaluate(foreign), [], where);
  const complaints = page.complaints.filter((text) => !/Failed to load resource/.test(text));
  assert.deepEqual([page.harm, complaints], [[], []], where);
}

/** Does this with all, some at a time. */
async function each(all, act, atOnce = 8) {
  const done = [];
  for (let from = 0; from < all.length; from += atOnce) {
    const some = all.slice(from, from + atOnce);
    done.push(...(await Promise.all(some.map((one, at) => act(one, from + at)))));
  }
  return done;
}

/** Goes to another page of the application as a link in it does. */
const go = (page, path) => page.evaluate((path) => history.pushState({}, "", path), path);

/** Waits until `selector` has exactly this text. */
async function says(page, selector, text, where) {
  const shown = await page.evaluate(async ([selector, text]) => {
    const end = performance.now() + 20_000;
    for (;;) {
      const shown = document.querySelector(selector)?.textContent;
      if (shown === text || performance.now() > end) return shown;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }, [selector, text]);
  assert.equal(shown, text, where);
}

const texts = (page, selector) =>
  page.evaluate((selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent), selector);

/** Waits until these are the texts of `selector`, in whatever order; scrolls for more. */
async function lists(page, selector, wanted, where) {
  let [missing, other] = [wanted, []];
  await until(where, async () => {
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    const shown = await texts(page, selector);
    missing = wanted.filter((text) => !shown.includes(text));
    other = shown.filter((text) => !wanted.includes(text));
    return missing.length + other.length === 0;
  }, 20_000).catch(() => assert.deepEqual({ missing, other }, { missing: [], other: [] }, where));
}

/** The API, by a token, from outside of any browser. */
const api = (url, token) => async (method, path, body) => {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.status < 500, `${method} ${path}: ${answer.status} ${text}`);
  return { status: answer.status, headers: answer.headers, body: text === "" ? {} : JSON.parse(text) };
};

/** Takes the text if it may be one; answers what is refused with what stands there instead. */
async function begin(call, number, text) {
  const upload = { file_name: `${text}.mp4`, size_bytes: 1_000, fingerprint: `${number}` };
  const whole = await call("POST", "/api/uploads", { ...upload, title: text, description: `${text}\n0:10 ${text}` });
  const begun = whole.status < 300 ? whole : await call("POST", "/api/uploads", { ...upload, title: "refused" });
  if (begun.status < 300) return begun.body;
  const { body, status } = await call("POST", "/api/uploads", { ...upload, file_name: "refused.mp4", title: "refused" });
  assert.ok(status < 300, JSON.stringify(body));
  return body;
}

/** Signs somebody up from an address of their own: from one place only some can in a while. */
const signUp = (url, number, display_name) =>
  new Promise((resolve, reject) => {
    const options = { method: "POST", localAddress: `127.0.${number + 1}.1` };
    const asked = request(new URL("/api/accounts/sign-up", url), options, async (answer) => {
      const { statusCode: status, headers } = answer;
      const cookies = (headers["set-cookie"] ?? []).join();
      resolve({ status, body: await json(answer), token: cookies.match(/auth_token=([^;]+)/)?.[1] });
    });
    asked.once("error", reject);
    asked.setHeader("content-type", "application/json");
    asked.end(JSON.stringify({ name: `user-${number}`, display_name, password: PASSWORD }));
  });

/** A film about all of these: the first is its title, each has a line of the description, and is a tag if it may. */
async function filmAbout(call, number, some) {
  const said = { title: some[0], description: some.map((text) => `${text}\n0:10 ${text}`).join("\n") };
  const file = { file_name: "film.mp4", size_bytes: 1_000, fingerprint: `about ${number}` };
  const { status, body } = await call("POST", "/api/uploads", { ...file, ...said });
  assert.equal(status, 201, body.detail);
  const path = `/api/videos/${body.video_id}`;
  await until("the catalogue to know both", async () => (await call("GET", path)).body.owner_name);
  const tags = [];
  for (const text of some) if ((await call("PATCH", path, { tags: [text] })).status === 200) tags.push(text);
  await call("PATCH", path, { tags });
  return (await call("GET", path)).body;
}

/** A film that is not there yet, with all that is said of it. */
async function seesFilm(page, film) {
  await go(page, `/watch/${film.video_id}`);
  const at = `.watch[data-video="${film.video_id}"]`;
  await says(page, `${at} .watch-title`, film.title, "title");
  if (film.description) await says(page, `${at} .description-text`, film.description, "description");
  const about = await texts(page, `${at} .watch-about a[href^="/browse/"]`);
  assert.deepEqual(about, [film.owner_name, ...film.tags.map((tag) => `#${tag}`)]);
}

/** What is only in the address. */
async function searches(page, text) {
  await go(page, `/search?${new URLSearchParams({ q: text })}`);
  await says(page, "h1", `Results for “${text.trim()}”`, `search for ${text}`);
}

/** Has all films say these, as far as they may; resolves to their titles then. */
async function rename(call, ids, some) {
  await Promise.all(ids.map(async (id, at) => {
    const text = some[at] ?? "";
    const said = { title: `${text}`, description: `${WORD} ${text}` };
    const { status } = await call("PATCH", `/api/videos/${id}`, said);
    if (status >= 300) await call("PATCH", `/api/videos/${id}`, { title: "refused", description: WORD });
  }));
  const all = await Promise.all(ids.map(async (id) => (await call("GET", `/api/videos/${id}`)).body));
  const titles = all.map(({ title }) => title).sort();
  // What is marked is what the index knows, which is told a moment later.
  const marked = ({ title, highlights }) => highlights.title.map(({ text }) => text).join("") || title;
  await until("the index to have them", async () => {
    const { body } = await call("GET", `/api/search?q=${WORD}&limit=50`);
    return String(body.items.map(marked).sort()) === String(titles);
  });
  return titles;
}

const skip = existsSync(FIREFOX) ? false : `${FIREFOX} is missing: install firefox-esr`;

test("whatever people write stays text", { timeout: 400_000, skip }, async (t) => {
  assert.ok(new Set(WRITABLE).size >= 100);
  const marquee = await marqueeOfPeople(t);
  const { url } = marquee;
  const browsers = [await newPage(t), await firefox(t)];
  for (const page of browsers) await guard(page, url);
  const [chromium, fox] = browsers;
  await claimed(chromium, marquee);
  await fox.goto(url);
  assert.equal((await ask(fox, "POST", "/api/accounts/sign-in", { name: "ada", password: PASSWORD })).status, 200);
  const token = await tokenOf(chromium);
  const call = api(url, token);
  const both = (act) => Promise.all(browsers.map(act));

  await t.test("in searches", () => both(async (page) => {
    for (const text of PAYLOADS) await searches(page, text);
    await unharmed(page, "searches");
  }));

  await t.test("on cards and in what was found", async () => {
    const files = folder(t);
    const films = Array.from({ length: FILMS }, (_, n) =>
      drawnFilm(files, `${n}.mp4`, `gradients=s=160x90:r=10:d=1:seed=${n}`));
    const ids = await Promise.all(films.map((film) => upload(url, film, "A film", "live", token)));
    for (let from = 0; from < PAYLOADS.length; from += FILMS) {
      const titles = await rename(call, ids, PAYLOADS.slice(from, from + FILMS));
      await both(async (page) => {
        await page.goto(url);
        await lists(page, ".card-title", titles, "titles of cards");
        await unharmed(page, "cards");
        await page.goto(`${url}/search?q=${WORD}`);
        await lists(page, ".card-title", titles, "titles of what was found");
        await unharmed(page, "what was found");
      });
    }
    await Promise.all(ids.map((id) => call("DELETE", `/api/videos/${id}?for_good=true`)));
  });

  await t.test("about a film", async () => {
    const groups = Array.from({ length: Math.ceil(WRITABLE.length / A_FILM) }, (_, n) =>
      WRITABLE.slice(n * A_FILM, (n + 1) * A_FILM));
    const films = await each(groups, (some, number) => filmAbout(call, number, some));
    assert.ok(films.flatMap(({ tags }) => tags).length > A_FILM, "some of them may be tags");
    await both(async (page) => {
      for (const film of films) await seesFilm(page, film);
      await unharmed(page, "films");
    });
    await each(films, ({ video_id }) => call("DELETE", `/api/videos/${video_id}?for_good=true`));
  });

  await t.test("in the studio and as names of files", async () => {
    // Half of them at a time: the page of uploads shows a hundred.
    for (const some of [PAYLOADS.slice(0, HALF), PAYLOADS.slice(HALF)]) {
      const mine = await each(some, (text, number) => begin(call, number, text));
      await both(async (page) => {
        await page.goto(`${url}/upload`);
        const names = mine.map(({ file_name }) => file_name);
        await lists(page, "article.upload .upload-facts", names, "names of files");
        await unharmed(page, "names of files");
        await page.goto(`${url}/studio`);
        await lists(page, ".studio-list .studio-name", mine.map(({ title }) => title), "titles in the studio");
        await unharmed(page, "studio");
      });
      await each(mine, ({ upload_id }) => call("DELETE", `/api/uploads/${upload_id}`));
    }
  });

  await t.test("as one's own name", async () => {
    const called = await each(WRITABLE, (text, number) => signUp(url, number, text));
    const people = called.filter(({ token }) => token).map(({ body }) => body);
    assert.ok(people.length >= 100, `${people.length} may be names`);
    await both(async (page) => {
      // Each takes a session and a page of its own, which Firefox is slow at.
      const some = people.filter((_, at) => page !== fox || at % IN_FIREFOX === 0);
      for (const { name, display_name } of some) {
        const { status } = await ask(page, "POST", "/api/accounts/sign-in", { name, password: PASSWORD });
        assert.equal(status, 200);
        await page.goto(`${url}/nowhere`);
        await says(page, ".account-menu-name", display_name, "in the corner");
        await unharmed(page, "own name");
      }
    });
  });

  await t.test("and what turns the direction of other text is not taken", async () => {
    const turning = PAYLOADS.filter((text) => TURNS.test(text));
    assert.ok(turning.length > 0);
    for (const [number, text] of turning.entries()) {
      const file = { file_name: "film.mp4", size_bytes: 1_000, fingerprint: `turning ${number}` };
      const refusals = [
        await call("POST", "/api/uploads", { ...file, title: text }),
        await signUp(url, PAYLOADS.length + number, text),
      ];
      for (const { status, body } of refusals) assert.equal(status, 400, body.detail);
    }
  });
});
