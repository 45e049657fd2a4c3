// What is looked at on every page: accessibility by axe, width, one language, words instead of keys.

import { createRequire } from "node:module";

const axe = createRequire(import.meta.url)("axe-core");
const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"] };

/** Answers what is wrong with the page as it is shown now. */
export async function inspect(visitor) {
  const { page, look } = visitor;
  const where = `${new URL(page.url()).pathname} (${look.name})`;
  // Through the debugger, not through the page: the policy forbids foreign scripts, and stays so.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), RULES);
  const found = violations.flatMap((v) =>
    v.nodes.slice(0, 3).map((n) => `axe ${v.id} at ${where}: ${v.help}: ${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join("; ").slice(0, 200)}`));
  found.push(...(await page.evaluate(width)).map((text) => `width at ${where}: ${text}`));
  found.push(...(await page.evaluate(words)).map((text) => `words at ${where}: ${text}`));
  return [...found, ...visitor.take()];
}

/** The page must not scroll sideways; a table may, inside its own frame. */
function width() {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > room + 1 && !e.closest("[hidden], .px-sr, dialog:not([open])"))
    .filter((e) => !e.parentElement.closest(".table-responsive, .px-scroll, pre"))
    .slice(-2)
    .map((e) => e.outerHTML.slice(0, 120));
  return [`the page is ${document.documentElement.scrollWidth} px wide in a window of ${room}: ${wide.join(" | ")}`];
}

/** A word's key instead of the word, or a placeholder that was not filled. */
function words() {
  const text = document.body.innerText;
  const keys = text.match(/\b(?:mkt|adm)-[a-z]+(?:-[a-z]+)*\b/g) ?? [];
  const open = text.match(/\{ ?\$[a-z]+ ?\}|\bundefined\b|\bNaN\b|\[object Object\]/g) ?? [];
  return [...new Set([...keys, ...open])].map((what) => `\`${what}\` instead of a word`);
}
