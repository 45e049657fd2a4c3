// The console in a real browser. `cargo xtask browser` runs it; see README.md.

import { parseArgs } from "node:util";
import { coverage, everyPage, withoutScript } from "./stories/pages.mjs";
import { byLetters, review } from "./stories/review.mjs";
import { installUpgradeRollBack } from "./stories/install.mjs";
import { PowerX } from "./lib/powerx.mjs";
import { LOOKS, Visitor, launch } from "./lib/visitor.mjs";
import { BOARD, GREETER, aftermath, peopled, publish, submit } from "./lib/world.mjs";

const { values } = parseArgs({
  options: {
    powerx: { type: "string" },
    repository: { type: "string" },
    quick: { type: "boolean" },
    pages: { type: "boolean" },
  },
});
/** Two looks that hold both languages, themes and widths. */
const QUICK = [LOOKS[0], { ...LOOKS[3], name: "zh-dark-390", theme: "dark" }];
const started = Date.now();
const faults = [];

/** Runs one story, says how it went, and goes on: the others may still tell something. */
async function story(name, run) {
  const begun = Date.now();
  const found = await run().catch((error) => [`${name}: ${error.stack ?? error}`]);
  faults.push(...found);
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  console.log(`${found.length ? "FAILED" : "passed"}  ${name} (${seconds} s)`);
  for (const fault of new Set(found)) console.log(`        ${fault}`);
}

/** Opens a window for a story and closes it whatever happens. */
async function as(browser, look, run) {
  const visitor = await Visitor.open(browser, look);
  try {
    return await run(visitor);
  } finally {
    await visitor.close();
  }
}

async function reviews(powerx, browser) {
  const [en, zh, phone, zhPhone] = LOOKS;
  const [greeter, board] = await submit(powerx);
  await story("a review by letters", () => as(browser, en, (v) => byLetters(powerx, v, "reviewer", greeter)));
  const turns = [
    [en, "reviewer", greeter, "approve"],
    [zh, "reviewer2", board, "approve"],
  ];
  await Promise.all(turns.map(([look, login, version, decision]) =>
    story(`review with the keyboard, ${decision}, ${look.name}`, () => as(browser, look, (v) => review(powerx, v, login, version, decision)))));
  const newer = await publish(powerx, "hello-wasm", GREETER, "1.1.0");
  const newerBoard = await publish(powerx, "board-static", BOARD, "1.1.0");
  const more = await publish(powerx, "hello-wasm", GREETER, "1.3.0-permission");
  await story(`review with the keyboard, approve, ${phone.name}`, () => as(browser, phone, (v) => review(powerx, v, "reviewer", newer)));
  await story(`review with the keyboard, approve, ${zhPhone.name}`, () => as(browser, zhPhone, (v) => review(powerx, v, "reviewer2", newerBoard)));
  await story(`review with the keyboard, reject, ${en.name}`, () => as(browser, en, (v) => review(powerx, v, "reviewer", more, "reject")));
  return { listed: newer, taken: more };
}

async function installs(powerx, browser) {
  for (const plugin of [GREETER, BOARD]) await powerx.synced(plugin, "1.1.0");
  const turns = [
    [LOOKS[0], "north", GREETER],
    [LOOKS[1], "harbour", GREETER],
    [LOOKS[2], "harbour", BOARD],
    [LOOKS[3], "north", BOARD],
  ];
  await Promise.all(turns.map(([look, login, plugin]) =>
    story(`install, upgrade, roll back with the keyboard, ${look.name}`, () =>
      as(browser, look, (v) => installUpgradeRollBack(powerx, v, login, plugin, "1.0.0", "1.1.0")))));
}

/** What people do with the keyboard, and what it leaves to be looked at. */
async function people(powerx, browser) {
  const decided = await reviews(powerx, browser);
  await installs(powerx, browser);
  return { ...decided, ...(await aftermath(powerx)) };
}

async function everything(powerx, browser) {
  const world = values.pages ? await peopled(powerx) : await people(powerx, browser);
  await story("every page is visited", () => coverage(values.repository, world));
  const looks = values.quick ? [...QUICK] : [...LOOKS];
  await Promise.all([0, 1].map(async () => {
    for (let look = looks.shift(); look; look = looks.shift()) {
      const mine = look;
      await story(`every page, ${mine.name}`, () => everyPage(powerx, world, browser, mine));
    }
  }));
  await story("without JavaScript", () => withoutScript(powerx, world, browser, LOOKS[2]));
}

const powerx = await PowerX.start(values.powerx, values.repository);
const browser = await launch();
try {
  await everything(powerx, browser);
} catch (error) {
  faults.push(String(error));
  console.log(`FAILED  ${error.stack ?? error}`);
} finally {
  await browser.close();
  await powerx.stop();
}
const seconds = Math.round((Date.now() - started) / 1000);
console.log(faults.length ? `${faults.length} faults after ${seconds} s` : `Everything holds, after ${seconds} s.`);
process.exitCode = faults.length ? 1 : 0;
