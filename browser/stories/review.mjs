// A reviewer with a keyboard only: queue → claim → report → decide.

import { Keyboard } from "../lib/keyboard.mjs";
import { inspect } from "../lib/inspect.mjs";
import { PASSWORD } from "../lib/powerx.mjs";

const DECISIONS = {
  approve: { key: "a", state: "listed" },
  request_changes: { key: "r", state: "changes_requested", notes: "Say in the readme which data is kept." },
  reject: { key: "x", state: "rejected", notes: "The name is somebody else's.", confirm: true },
};

/** Decides one version; answers what was wrong on the way. */
export async function review(powerx, visitor, login, version, decision = "approve") {
  const keys = new Keyboard(visitor);
  const { page } = visitor;
  const found = [];
  const at = async () => found.push(...(await inspect(visitor)));
  const { key, state, notes, confirm } = DECISIONS[decision];

  await visitor.goto(`${powerx.market}/review`);
  await at();
  await keys.signIn(login, PASSWORD, /^\/review$/);
  await at();
  // Search narrows the queue, as it must on a busy day.
  await keys.press("/");
  await keys.type(version.plugin);
  await keys.enter(/q=/);
  await keys.follow(`form[action="/review/${version.review}/claim"] button`, new RegExp(`/review/${version.review}$`));
  await at();
  // The evidence is opened before the decision is made.
  await keys.to(".px-split summary");
  await keys.press("Enter");
  await at();
  await keys.to(`summary[data-key="${key}"]`);
  await keys.press("Space");
  await at();
  await keys.to(`details[open] textarea[name=notes]`);
  await keys.type(notes ?? "Looks right.");
  await keys.to(`details[open] form[action$="/decide"] button[type=submit]`);
  const next = page.waitForNavigation({ waitUntil: "load" });
  await keys.press("Enter");
  if (confirm) {
    await page.locator("#px-confirm[open]").waitFor();
    await at();
    await keys.to("#px-confirm button[value=yes]");
    await keys.press("Enter");
  }
  await powerx.until(`${decision} of ${version.plugin} ${version.label}`, async () => {
    const view = await powerx.ask("publisher", "GET", `/api/marketplace/plugins/${version.id}/review`);
    return view.state === state;
  }, 15);
  await next;
  await at();
  return found;
}

/** The same with the letters the page offers: `j` to the row, `c` claims, `r` opens the decision. */
export async function byLetters(powerx, visitor, login, version) {
  const keys = new Keyboard(visitor);
  const { page } = visitor;
  await visitor.goto(`${powerx.market}/review?q=${version.plugin}`);
  await keys.signIn(login, PASSWORD, /^\/review\?q=/);
  await keys.press("?");
  await page.locator("#px-keys[open]").waitFor();
  const found = await inspect(visitor);
  await keys.press("Escape");
  await keys.press("j");
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), keys.press("c")]);
  await keys.press("r");
  const asked = await page.evaluate(() => document.activeElement.closest("details[open]")?.querySelector("summary").dataset.key);
  if (asked !== "r") found.push(`keys: r on the report leads to ${asked}, not into the request for changes`);
  // Given back, so that the queue is as it was.
  await keys.follow(`form[action="/review/${version.review}/release"] button`, /\/review/);
  return [...found, ...visitor.take()];
}
