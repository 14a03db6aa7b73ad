// Every page about people and their films: no accessibility rule broken, nothing cut off, no complaint.
import assert from "node:assert/strict";
import { test } from "node:test";

import { judge, WINDOWS } from "./judge.mjs";
import { tour, world } from "./tour.mjs";

test("every page about people is accessible and fits", { timeout: 300_000 }, async (t) => {
  const there = await world(t);
  for (const size of WINDOWS) {
    await t.test(`${size.width} px, ${size.colorScheme}`, async () => {
      await tour(there, size, judge);
      for (const page of [there.nobody, there.ada]) assert.deepEqual(page.complaints, []);
    });
  }
});
