// What people do with their films, by keyboard alone: sign in, upload, edit, share, delete, take back;
// and what an admin does with people.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, did, drawnFilm, folder, marqueeOfPeople, page as newPage, PASSWORD, until } from "./harness.mjs";

const MOST_STOPS = 80;
const MOST_CHOICES = 5;

/** Hands on the keyboard of a page. */
function hands(page) {
  const press = (key) => page.keyboard.press(key);
  const type = (text) => page.keyboard.type(text);
  /** Goes on by the tab key until this is in focus. */
  const reach = async (role, name) => {
    const wanted = page.getByRole(role, { name, exact: typeof name === "string" }).first();
    await wanted.waitFor();
    for (let stops = 0; stops < MOST_STOPS; stops += 1) {
      const reached = await wanted.evaluate((element) => {
        // Whoever sees the page sees where they are.
        const { outlineStyle, boxShadow, borderColor } = getComputedStyle(element);
        return element === document.activeElement && `${outlineStyle} ${boxShadow} ${borderColor}`;
      });
      if (reached) return assert.ok(!reached.startsWith("none none"), `${name} shows no focus: ${reached}`);
      await press("Tab");
    }
    throw new Error(`${role} ${name} is not reached by the keyboard`);
  };
  const fill = async (role, name, text) => {
    await reach(role, name);
    await press("Control+a");
    await type(text);
  };
  const enter = async (role, name) => {
    await reach(role, name);
    await press("Enter");
  };
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
  const gone = (role, name) => page.getByRole(role, { name }).waitFor({ state: "hidden" });
  return { press, type, reach, fill, enter, heading, gone };
}

async function signsUp(page, url, name) {
  const { fill, enter, heading } = hands(page);
  await page.goto(url);
  await enter("link", "Sign in");
  await enter("link", "Create an account");
  await heading("Create an account");
  await fill("textbox", "Name", name);
  await fill("textbox", "New password", PASSWORD);
  await hands(page).press("Enter");
  await page.getByRole("button", { name: `Account of ${name}` }).waitFor();
}

async function signsIn(page, name) {
  const { fill, enter, press } = hands(page);
  await enter("link", "Sign in");
  await fill("textbox", "Name", name);
  await fill("textbox", "Password", PASSWORD);
  await press("Enter");
  await page.getByRole("button", { name: `Account of ${name}` }).waitFor();
}

async function uploads(page, file) {
  const { enter, fill, heading, reach, type } = hands(page);
  await enter("link", /^Upload/);
  await heading("Upload films");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), enter("button", "Choose files")]);
  await chooser.setFiles(file);
  await fill("textbox", "Title", "The boat");
  await reach("combobox", "Who sees it");
  await type("Unl");
  const own = () => did(page, "GET", "/api/videos?state=all");
  let known;
  return until("the film to be live, with its title, and unlisted", async () => {
    known = (await own()).items[0] ?? {};
    const { state, title, visibility, video_id } = known;
    return state === "live" && title === "The boat" && visibility === "unlisted" && video_id;
  }, 30_000).catch((error) => assert.fail(`${error.message}: ${JSON.stringify(known)}`));
}

async function editsAndShares(page, name) {
  const { enter, fill, press, reach } = hands(page);
  await enter("link", "My films");
  await enter("link", "Edit The boat");
  await fill("textbox", "Title", "The steamer");
  await reach("radio", /^Unlisted/);
  const shared = page.getByRole("radio", { name: /^Shared/ });
  for (let at = 0; at < MOST_CHOICES && !(await shared.isChecked()); at += 1) await press("ArrowDown");
  await fill("textbox", "Names of those with whom it is shared", name);
  await fill("textbox", "Tags", "lake, summer");
  await enter("button", "Save");
  await page.getByText("Saved.").waitFor();
}

async function deletesAndTakesBack(page) {
  const { enter, gone, reach } = hands(page);
  await enter("link", "My films");
  await enter("button", "Delete The steamer");
  await enter("button", "Keep");
  await enter("button", "Delete The steamer");
  await enter("button", "Delete");
  await enter("button", "Take back The steamer");
  await gone("button", "Take back The steamer");
  await reach("link", "The steamer");
}

test("the keyboard alone is enough for people and their films", { timeout: 240_000 }, async (t) => {
  const { url, claim } = await marqueeOfPeople(t);
  const file = drawnFilm(folder(t), "boat.mp4");
  const [ada, grace] = [await newPage(t), await newPage(t, { width: 360, height: 740 })];
  // The picker that also gives handles is out of reach of automation.
  await grace.addInitScript(() => delete window.showOpenFilePicker);

  await ada.goto(claim);
  const admin = hands(ada);
  await admin.fill("textbox", "Name", "ada");
  await admin.fill("textbox", "New password", PASSWORD);
  await admin.press("Enter");
  await ada.getByRole("button", { name: "Account of ada" }).waitFor();
  await admin.enter("button", "Account of ada");
  await admin.enter("button", "Sign out");
  await signsIn(ada, "ada");

  await signsUp(grace, url, "grace");
  const id = await uploads(grace, file);
  await editsAndShares(grace, "ada");
  const film = await did(grace, "GET", `/api/videos/${id}`);
  assert.deepEqual(
    [film.title, film.visibility, film.shared_with, film.tags],
    ["The steamer", "shared", ["ada"], ["lake", "summer"]],
  );
  await deletesAndTakesBack(grace);
  assert.equal((await did(grace, "GET", `/api/videos/${id}`)).state, "live");

  await admin.enter("button", "Account of ada");
  await admin.enter("link", "Admin");
  await admin.enter("button", "Suspend grace");
  await admin.reach("button", "Let back in grace");
  await until("grace to be out", async () => (await ask(grace, "GET", "/api/uploads")).status === 401);
  await admin.reach("tab", "Users");
  const audit = ada.getByRole("tab", { name: "What was done" });
  await until("arrows to lead to what was done", async () => {
    if ((await audit.getAttribute("aria-selected")) === "true") return true;
    // One step at a time: a step is from the tab that is selected.
    if (await ada.locator('[role="tab"]:focus[aria-selected="true"]').count()) await admin.press("ArrowRight");
    return false;
  });
  await ada.getByRole("region", { name: "Entries, the newest first" }).waitFor();
  for (const page of [ada, grace]) {
    // Whoever is out is told so by refusals.
    assert.deepEqual(page.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
  }
});
