// Every page both sites have, read from the source, so that a new one cannot be forgotten.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** What answers GET under a page's address without being a page. */
const NOT_PAGES = {
  market: {
    "/my/versions/{id}/part": "a part of the version's page",
    "/my/versions/{id}/live": "events",
    "/review/part": "a part of the queue",
    "/review/live": "events",
    "/my/reviews/{review}": "leads on to the version's page",
  },
  console: {
    "/overview/part": "a part of the overview",
    "/overview/live": "events",
    "/operations/{install}/part": "a part of the operation's page",
    "/operations/{install}/live": "events",
    "/operations/{install}/log": "a file",
    "/rollouts/{rollout}/part": "a part of the rollout's page",
    "/rollouts/{rollout}/live": "events",
  },
};

const SHARED = ["crates/px-web/src/identity", "crates/px-web/src"];
const OWN = { market: "crates/px-market/src/ui", console: "crates/px-core/src/ui" };

/** A page that names its address itself: `PATH` of its file. */
async function constant(file) {
  const found = /const PATH: &str = "([^"]+)"/.exec(await readFile(file, "utf8"));
  if (!found) throw new Error(`${file} has no PATH`);
  return found[1];
}

/** Addresses of one site's pages, as the router spells them. */
export async function routes(repository, site) {
  const found = new Set();
  for (const folder of [OWN[site], ...SHARED]) {
    for (const entry of await readdir(join(repository, folder), { withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".rs")) continue;
      const source = await readFile(join(repository, folder, entry.name), "utf8");
      // A route in a comment is an example.
      const code = source.replaceAll(/^\s*\/\/.*$/gm, "");
      for (const [, path, file] of code.matchAll(/\.route\(\s*(?:"([^"]+)"|(\w+)::PATH),\s*get\(/g)) {
        found.add(path ?? (await constant(join(repository, folder, `${file}.rs`))));
      }
    }
  }
  found.delete("/assets/{hash}/{name}");
  for (const path of Object.keys(NOT_PAGES[site])) {
    if (!found.delete(path)) throw new Error(`${site} has no ${path} any more: take it out of NOT_PAGES`);
  }
  return [...found].sort();
}
