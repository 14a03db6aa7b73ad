// A Marquee with people and films in it, and the way to each of its pages.
import { claimed, did, drawnFilm, folder, loopedClip, marqueeOfPeople, page as newPage, plays, PASSWORD, tokenOf, upload } from "./harness.mjs";

const LONG = "Die Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle";
const ABOUT = "A day on the lake, from the first light on.\n\n0:00 The boat\n0:12 The storm\n\nhttps://example.org/lake";

/** Somebody who did not sign in before. */
const signUp = (page, name, display_name) =>
  did(page, "POST", "/api/accounts/sign-up", { name, display_name, password: PASSWORD });

/** Films of ada's, one thrown away, one half uploaded; grace and eve, who is suspended. */
export async function world(t) {
  const marquee = await marqueeOfPeople(t);
  const { url } = marquee;
  const nobody = await newPage(t);
  await nobody.goto(url);
  await nobody.getByText("Nothing is showing yet").waitFor();
  const ada = await newPage(t);
  await claimed(ada, marquee);
  const other = await newPage(t);
  await other.goto(url);
  await signUp(other, "grace", "Grace");
  await signUp(other, "eve", "Eve");

  const files = folder(t);
  const token = await tokenOf(ada);
  const boat = drawnFilm(files, "boat.mp4", "gradients=s=640x360:r=10:d=20:speed=0.02:seed=7");
  const [rabbit, steamer, old] = await Promise.all([
    upload(url, loopedClip(files, "rabbit.mp4", 5), "The rabbit and the lake", "live", token),
    upload(url, boat, LONG, "live", token),
    upload(url, drawnFilm(files, "old.mp4"), "An old take", "live", token),
  ]);
  const edit = (id, body) => did(ada, "PATCH", `/api/videos/${id}`, body);
  await edit(rabbit, { visibility: "public", description: ABOUT, tags: ["lake", "a-very-long-tag-of-30-letters"], category: "animals", language: "en" });
  await edit(steamer, { visibility: "shared", shared_with: ["grace"] });
  await did(ada, "DELETE", `/api/videos/${old}`);
  const begun = { file_name: "storm.mp4", size_bytes: 5e8, fingerprint: "storm", title: "The storm" };
  await did(ada, "POST", "/api/uploads", begun);
  const { items } = await did(ada, "GET", "/api/admin/users?q=eve");
  await did(ada, "PATCH", `/api/admin/users/${items[0].user_id}`, { suspended: true });
  return { ...marquee, nobody, ada, films: { rabbit, steamer, old } };
}

const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();
const open = (path, seen) => async (page, world) => {
  await page.goto(world.url + (typeof path === "string" ? path : path(world)));
  await seen(page);
};

/** Every page: its name, who looks at it, and how they come there. */
export const TOUR = [
  ["sign in", "nobody", open("/sign-in", (page) => heading(page, "Sign in"))],
  ["sign up", "nobody", open("/sign-up", (page) => heading(page, "Create an account"))],
  ["claim", "nobody", open(({ claim }) => new URL(claim).pathname + new URL(claim).search, (page) => heading(page, "Welcome to your Marquee"))],
  ["forgotten", "nobody", open("/forgotten", (page) => heading(page, /Forgot/))],
  ["reset", "nobody", open("/reset-password?token=x", (page) => heading(page, "Choose a new password"))],
  ["home", "ada", async (page, { url, films }) => {
    // Half of it was watched.
    await page.evaluate((id) => {
      localStorage.setItem(`marquee.position.${id}`, JSON.stringify({ t: 12, at: Date.now() }));
    }, films.rabbit);
    await page.goto(url);
    await page.getByRole("region", { name: "Continue watching" }).waitFor();
    await page.getByRole("region", { name: "Your films that are not showing yet" }).waitFor();
    await page.getByRole("article").first().waitFor();
  }],
  ["search", "ada", open("/search?q=rabit", (page) => page.locator("mark").first().waitFor())],
  ["browse", "ada", open("/browse/tag/lake", (page) => page.getByRole("article").first().waitFor())],
  ["watch", "ada", async (page, { url, films }) => {
    await page.goto(`${url}/watch/${films.rabbit}?t=12`);
    await plays(page);
    await page.keyboard.press("k");
  }],
  ["upload", "ada", open("/upload", (page) => page.getByRole("article", { name: "storm.mp4" }).waitFor())],
  ["account", "ada", open("/account", async (page) => {
    await heading(page, "Account");
    await page.getByText("This one").waitFor();
  })],
  ["menu", "ada", async (page) => {
    await page.getByRole("button", { name: "Account of Ada" }).click();
    await page.getByRole("link", { name: "Admin" }).waitFor();
  }],
  ["studio", "ada", open("/studio", async (page) => {
    await page.getByText("Thrown away").waitFor();
    await page.getByRole("checkbox", { name: /rabbit/ }).check();
    await page.getByRole("region", { name: /all that are selected/ }).waitFor();
  })],
  ["studio delete", "ada", async (page) => {
    await page.getByRole("button", { name: /^Delete The rabbit/ }).click();
    await page.getByRole("alert").waitFor();
  }],
  ["edit", "ada", open(({ films }) => `/studio/${films.steamer}`, (page) => page.getByLabel(/Names of those/).waitFor())],
  ["admin", "ada", open("/admin", (page) => page.getByText("Suspended").waitFor())],
  ["admin audit", "ada", async (page) => {
    await page.getByRole("tab", { name: "What was done" }).click();
    await page.getByRole("table").waitFor();
  }],
];

/** Goes the whole way in one window; `look(page, name)` at each page. */
export async function tour(world, { colorScheme, ...viewport }, look) {
  for (const page of [world.nobody, world.ada]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  }
  for (const [name, who, go] of TOUR) {
    const page = world[who];
    await go(page, world);
    // The last that comes is the corner with who is signed in.
    await page.locator("header").getByRole(who === "ada" ? "button" : "link", { name: /^(Account of|Sign in)/ }).waitFor();
    await look(page, name);
  }
}
