// The pictures of README and docs, taken from the running programs. `cargo xtask screenshots` runs it.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as pages from "./lib/pages.mjs";
import { PowerX } from "./lib/powerx.mjs";
import { LOOKS, Visitor, launch } from "./lib/visitor.mjs";
import { GREETER, peopled } from "./lib/world.mjs";
import { visit } from "./stories/pages.mjs";

const { values } = parseArgs({
  options: { powerx: { type: "string" }, repository: { type: "string" }, every: { type: "string" } },
});

/** Name, site, reader and address of each picture; 1280 × 800, and what moves stands still. */
const pictures = (world) => [
  { name: "explore", site: "market", path: "/" },
  { name: "publisher", site: "market", login: "publisher", path: "/my" },
  { name: "review-queue", site: "market", login: "reviewer", path: "/review" },
  { name: "review-report", site: "market", login: "reviewer", path: `/review/${world.waiting.review}`, claim: true },
  { name: "market-operations", site: "market", login: "operator", path: "/ops" },
  { name: "overview", site: "console", login: world.login, path: "/" },
  { name: "install", site: "console", login: "north", path: `/plugins/${GREETER}/install?step=3`, look: LOOKS[0] },
  { name: "operation", site: "console", login: world.login, path: `/operations/${world.rolledBack}` },
  { name: "plugin", site: "console", login: world.login, path: `/plugins/installed/${GREETER}` },
  { name: "rollout", site: "console", login: "ops", path: `/rollouts/${world.rollout}` },
  { name: "operation-dark-zh", site: "console", login: world.login, path: `/operations/${world.rolledBack}`, look: LOOKS[1] },
  { name: "overview-phone", site: "console", login: world.login, path: "/", look: LOOKS[2], height: 844 },
];

/** A server writes down how much a plugin was used every quarter of a minute. */
const USE_WRITTEN_MS = 16_000;

async function take(powerx, browser, world, folder) {
  await setTimeout(USE_WRITTEN_MS);
  for (const picture of pictures(world)) {
    const look = picture.look ?? LOOKS[0];
    const visitor = await Visitor.open(browser, look, { height: picture.height ?? 800 });
    const { page } = visitor;
    if (picture.login) await visitor.signIn(powerx[picture.site], picture.login);
    await visitor.goto(powerx[picture.site] + picture.path);
    if (picture.claim) {
      await page.locator('form[action$="/claim"] button').first().click();
      await page.waitForURL(/\/review\/rev_/);
      await visitor.goto(powerx[picture.site] + picture.path);
    }
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(folder, `${picture.name}.png`), animations: "disabled", caret: "hide" });
    console.log(`docs/images/${picture.name}.png`);
    await visitor.close();
  }
}

/** Every page in every look, whole, for looking at them beside each other. */
async function takeAll(powerx, browser, world, folder) {
  for (const look of LOOKS) {
    const into = join(folder, look.name);
    await mkdir(into, { recursive: true });
    const taken = new Map();
    await visit(powerx, world, browser, look, {}, async ({ visitor, site, path }) => {
      const name = (site + path).replaceAll(/[^a-z0-9.]+/gi, "_").replaceAll(/_([a-z]{3})_[0-9a-f]{32}/g, (_, kind) => `_${kind}`);
      const times = (taken.get(name) ?? 0) + 1;
      taken.set(name, times);
      const file = times === 1 ? name : `${name}_${times}`;
      await visitor.page.screenshot({ path: join(into, `${file}.png`), fullPage: true, animations: "disabled" });
    });
    console.log(into);
  }
}

const powerx = await PowerX.start(values.powerx, values.repository);
const browser = await launch();
try {
  const world = await peopled(powerx);
  if (values.every) await takeAll(powerx, browser, world, values.every);
  else await take(powerx, browser, world, join(values.repository, "docs", "images"));
} finally {
  await browser.close();
  await powerx.stop();
}
