// Whether a page breaks a rule of accessibility, is wider than the window, or cuts something off.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The windows in which every page has to be right. */
export const WINDOWS = [
  { width: 360, height: 740, colorScheme: "dark" },
  { width: 1440, height: 900, colorScheme: "light" },
];

/** What lies outside the window and cannot be scrolled to, and controls whose text does not fit in. */
function cutOff() {
  const scrolls = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const name = (element) => `${element.tagName} ${element.className} “${element.textContent.slice(0, 40)}”`;
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest(".visually-hidden, .skip, svg")) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const outside = box.right > innerWidth + 0.5 || box.left < -0.5;
    if (outside && !scrolls(element.parentElement)) found.push(`outside: ${name(element)}`);
    const style = getComputedStyle(element);
    const told = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    const control = element.matches("a, button, label, legend, h1, h2, th");
    const clipped = style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
    if (control && clipped && !told) found.push(`cut off: ${name(element)}`);
  }
  return found;
}

/** Judges the page as it stands. */
export async function judge(page, state) {
  const { width } = page.viewportSize();
  await page.evaluate(AXE);
  const broken = await page.evaluate(async (rules) => {
    const { violations } = await axe.run({ runOnly: rules });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  }, RULES);
  assert.deepEqual(broken, [], `${state} at ${width} px`);
  const needed = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(needed <= width, `${state} needs ${needed} px of ${width}`);
  assert.deepEqual(await page.evaluate(cutOff), [], `${state} at ${width} px`);
}
