// Every page of both sites, looked at in every look, and with JavaScript off.

import * as pages from "../lib/pages.mjs";
import { inspect } from "../lib/inspect.mjs";
import { routes } from "../lib/routes.mjs";
import { Visitor } from "../lib/visitor.mjs";

const SITES = ["market", "console"];
/** The browser's own line about a page that is answered with an error on purpose. */
const REFUSED = /Failed to load resource: the server responded with a status of 4\d\d/;

/** Pages the source has and the list does not visit, or the other way round. */
export async function coverage(repository, world) {
  const found = [];
  for (const site of SITES) {
    const listed = new Set(pages[site](world).map((p) => p.route));
    const there = new Set(await routes(repository, site));
    for (const route of there) if (!listed.has(route)) found.push(`coverage: no test visits ${route} of ${site}; add it to browser/lib/pages.mjs`);
    for (const route of listed) if (!there.has(route)) found.push(`coverage: ${site} has no page ${route} any more`);
  }
  return found;
}

/** Visits one page after the other as each of its readers. `see` is called on every page. */
export async function visit(powerx, world, browser, look, options, see) {
  for (const site of SITES) {
    const all = [...pages[site](world), { route: "an error", ...pages.ERRORS[site] }];
    const logins = [...new Set(all.map((p) => p.login))];
    for (const login of logins) {
      const visitor = await Visitor.open(browser, look, options);
      visitor.expected = REFUSED;
      if (login) await visitor.signIn(powerx[site], login);
      for (const page of all.filter((p) => p.login === login)) {
        for (const path of page.paths) {
          const status = await visitor.goto(powerx[site] + path);
          await see({ visitor, site, route: page.route, path, status });
        }
      }
      await visitor.close();
    }
  }
}

/** Everything that must hold on a page, in one look. */
export async function everyPage(powerx, world, browser, look) {
  const found = [];
  await visit(powerx, world, browser, look, {}, async ({ visitor, site, route, path, status }) => {
    found.push(...answered(site, route, path, status));
    found.push(...(await inspect(visitor)));
  });
  return found;
}

/** What a page shows is there without JavaScript: a heading, and as many words as with it. */
export async function withoutScript(powerx, world, browser, look) {
  const found = [];
  const words = new Map();
  const read = (visitor) => visitor.page.locator("main").innerText();
  const count = (text) => text.split(/\s+/).length;
  await visit(powerx, world, browser, look, {}, async ({ visitor, site, route, path }) => words.set(site + route + path, count(await read(visitor))));
  await visit(powerx, world, browser, look, { script: false }, async ({ visitor, site, route, path, status }) => {
    found.push(...answered(site, route, path, status));
    const text = await read(visitor);
    const [scripted, plain] = [words.get(site + route + path), count(text)];
    if (plain < scripted * 0.9) found.push(`no script: ${site}${path} shows ${plain} words of ${scripted}: ${text.slice(0, 200)}`);
    const dead = await visitor.page.locator("main button:not([type=button]):not(form button):not([form])").count();
    if (dead) found.push(`no script: ${site}${path} has ${dead} buttons that belong to no form`);
  });
  return found;
}

function answered(site, route, path, status) {
  const fits = route === "an error" ? status >= 400 && status < 500 : status === 200;
  return fits ? [] : [`status: ${site}${path} answers ${status}`];
}
