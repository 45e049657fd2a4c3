// A tenant's administrator with a keyboard only: Marketplace → plugin → four steps → live → installed → back.

import { Keyboard } from "../lib/keyboard.mjs";
import { inspect } from "../lib/inspect.mjs";
import { PASSWORD } from "../lib/powerx.mjs";

/** Installs `first`, upgrades to `second`, rolls back; answers what was wrong on the way. */
export async function installUpgradeRollBack(powerx, visitor, login, plugin, first, second) {
  const keys = new Keyboard(visitor);
  const { page } = visitor;
  const found = [];
  const at = async () => found.push(...(await inspect(visitor)));
  const story = { powerx, visitor, keys, page, at, login, plugin };

  await visitor.goto(`${powerx.console}/plugins/marketplace`);
  await keys.signIn(login, PASSWORD, /^\/plugins\/marketplace$/);
  await at();
  await keys.follow(`main a[href="/plugins/marketplace/${plugin}"]`, new RegExp(`/plugins/marketplace/${plugin}$`));
  await at();
  await wizard(story, `main a.btn-primary[href^="/plugins/${plugin}/install"]`, first);
  await progress(story, first);

  await visitor.goto(`${powerx.console}/plugins/installed`);
  await at();
  await keys.follow(`main a[href="/plugins/installed/${plugin}"]`, new RegExp(`/plugins/installed/${plugin}$`));
  await at();
  await wizard(story, `main a.btn-primary[href^="/plugins/${plugin}/install"]`, second);
  await progress(story, second);

  await keys.follow(`main a[href="/plugins/installed/${plugin}"]`, new RegExp(`/plugins/installed/${plugin}$`));
  await keys.follow(`main a[href*="ask=rollback"]`, /ask=rollback/);
  await at();
  await keys.to("textarea[name=reason]");
  await keys.type("The old one was quicker.");
  await keys.to(`form[action$="/rollback"] button[type=submit]`);
  await keys.enter(/\/(operations|plugins\/installed)\//);
  await serves(story, first);
  await at();
  return found;
}

/** The four steps, from the link that leads there to the operation that was started. */
async function wizard(story, link, version) {
  const { keys, page, at, plugin } = story;
  await keys.follow(link, /\/install/);
  await at();
  // Radio buttons are one stop; the arrows choose.
  await keys.to(`input[name=version]`);
  for (let n = 0; n < 12; n += 1) {
    const chosen = await page.evaluate(() => document.activeElement.checked && document.activeElement.value);
    if (chosen === version) break;
    await keys.press(chosen ? "ArrowDown" : "Space");
  }
  await keys.follow("main form button[type=submit]", /step=2/);
  await at();
  await keys.to("input[name=when]:checked");
  await keys.press("ArrowDown", "ArrowUp");
  await keys.follow("main form button[type=submit]", /step=3/);
  await at();
  for (const box of ["grant", "high"]) {
    if (await page.locator(`input[name=${box}]`).count()) {
      await keys.to(`input[name=${box}]`);
      await keys.press("Space");
    }
  }
  await keys.follow("main form button[type=submit]", /step=4/);
  await at();
  await keys.follow(`main form[method=post][action="/plugins/${plugin}/install"] button[type=submit]`, /^\/operations\//);
}

/** The page changes by itself while the operation runs, until it says that it has ended. */
async function progress(story, version) {
  const { powerx, visitor, page, at } = story;
  const [before, loaded] = await page.evaluate(() => [document.querySelector("main").innerText, performance.timeOrigin]);
  await at();
  await serves(story, version);
  await page.waitForFunction((text) => document.querySelector("main").innerText !== text, before);
  await page.locator('main a[href^="/plugins/installed/"]').first().waitFor();
  if (loaded !== (await page.evaluate(() => performance.timeOrigin))) {
    visitor.faults.push("live: the operation's page was loaded anew instead of being renewed in place");
  }
  await powerx.until("the end on the page", async () => !(await page.locator("[data-state=now]").count()), 15);
  await at();
  await staysAtHand(story);
}

/** Whoever has the keyboard on a link of a part that renews itself has it there afterwards. */
async function staysAtHand({ visitor, page }) {
  const link = page.locator("[data-poll] a[href]").first();
  await link.focus();
  const [before, after] = await page.evaluate(async () => {
    const at = document.activeElement;
    const part = at.closest("[data-poll]");
    await window.htmx.ajax("GET", part.dataset.poll, { target: part, swap: "innerHTML" });
    await new Promise((done) => setTimeout(done, 200));
    return [at.isConnected ? "not renewed" : at.getAttribute("href"), document.activeElement.getAttribute("href")];
  });
  if (before !== after) visitor.faults.push(`focus: a renewal of ${page.url()} moved it from ${before} to ${after}`);
}

function serves({ powerx, login, plugin }, version) {
  return powerx.until(`${plugin} ${version} for ${login}`, async () => {
    const now = await powerx.installed(login, plugin);
    return now?.version === version && !now.operation;
  });
}
