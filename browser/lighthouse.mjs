// Lighthouse's marks of the main pages. `cargo xtask lighthouse` runs it; 95 of 100 is the least.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { PowerX } from "./lib/powerx.mjs";
import { LOOKS, Visitor, launch } from "./lib/visitor.mjs";
import { GREETER, peopled } from "./lib/world.mjs";

const { values } = parseArgs({
  options: { powerx: { type: "string" }, repository: { type: "string" }, only: { type: "string" } },
});
const LEAST = 95;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const require = createRequire(new URL("./marks/", import.meta.url));
const { default: lighthouse, desktopConfig } = await import(pathToFileURL(require.resolve("lighthouse")));

const main = (world) => [
  ["market", null, "/"],
  ["market", null, `/plugins/${GREETER}`],
  ["market", "publisher", "/my"],
  ["market", "publisher", `/my/versions/${world.listed.id}`],
  ["market", "reviewer", "/review"],
  ["market", "reviewer", `/review/${world.waiting.review}`],
  ["market", "operator", "/ops"],
  ["console", world.login, "/"],
  ["console", world.login, "/plugins/marketplace"],
  ["console", world.login, `/plugins/${GREETER}/install`],
  ["console", world.login, `/operations/${world.rolledBack}`],
  ["console", world.login, `/plugins/installed/${GREETER}`],
  ["console", "ops", `/rollouts/${world.rollout}`],
];

/** Marks of one page, as a phone or a desk sees it. */
async function marks(port, address, cookie, form) {
  const flags = { port, output: "json", logLevel: "error", onlyCategories: CATEGORIES, extraHeaders: cookie ? { Cookie: cookie } : {} };
  const { lhr } = await lighthouse(address, flags, form === "desktop" ? desktopConfig : undefined);
  if (lhr.runtimeError) throw new Error(`${address}: ${lhr.runtimeError.message}`);
  const scores = CATEGORIES.map((id) => Math.round(lhr.categories[id].score * 100));
  const audits = CATEGORIES.flatMap((id) => lhr.categories[id].auditRefs.filter((ref) => ref.weight > 0).map((ref) => lhr.audits[ref.id]));
  const poor = audits.filter((audit) => audit.score !== null && audit.score < 0.9).map((audit) => `${audit.id} ${audit.displayValue ?? ""}`.trim());
  return { scores, poor, paint: Math.round(lhr.audits["first-contentful-paint"].numericValue) };
}

/** A session's cookies, as one header. */
async function cookies(browser, site, login) {
  const visitor = await Visitor.open(browser, LOOKS[0]);
  await visitor.signIn(site, login);
  const all = await visitor.context.cookies();
  await visitor.close();
  return all.map((c) => `${c.name}=${c.value}`).join("; ");
}

const powerx = await PowerX.start(values.powerx, values.repository);
const port = 20_000 + Math.floor(Math.random() * 20_000);
const browser = await launch([`--remote-debugging-port=${port}`]);
let low = 0;
try {
  const world = await peopled(powerx);
  const sessions = new Map();
  console.log(`performance, accessibility, best practices, against ${values.powerx}`);
  for (const [site, login, path] of main(world)) {
    if (values.only && !(site + path).includes(values.only)) continue;
    if (login && !sessions.has(login)) sessions.set(login, await cookies(browser, powerx[site], login));
    for (const form of ["mobile", "desktop"]) {
      const { scores, poor, paint } = await marks(port, powerx[site] + path, sessions.get(login), form);
      const bad = scores.some((score) => score < LEAST);
      low += bad ? 1 : 0;
      const shown = path.replaceAll(/_[0-9a-f]{32}/g, "_…");
      console.log(`${bad ? "LOW " : "    "}${scores.join(" ")}  ${form.padEnd(7)} ${String(paint).padStart(5)} ms  ${site}${shown}${bad ? `  ${poor.join(", ")}` : ""}`);
    }
  }
} finally {
  await browser.close();
  await powerx.stop();
}
console.log(low ? `${low} marks below ${LEAST}` : `Every mark is ${LEAST} or more.`);
process.exitCode = low ? 1 : 0;
