// Where every page is, whose it is, and with what on it.

import { BOARD, GREETER } from "./world.mjs";

/** Addresses of the Marketplace's pages by route; `world` names what has happened. */
export function market(world) {
  const { listed, waiting, taken } = world;
  return [
    { route: "/", login: null, paths: ["/", "/?q=nothing-is-called-like-this", "/?risk=low"] },
    { route: "/plugins/{plugin}", login: null, paths: [`/plugins/${GREETER}`, `/plugins/${BOARD}`] },
    { route: "/sign-in", login: null, paths: ["/sign-in"] },
    { route: "/problems/{code}", login: null, paths: ["/problems/PX-0203"] },
    { route: "/inbox", login: "publisher", paths: ["/inbox"] },
    { route: "/account", login: "publisher", paths: ["/account"] },
    { route: "/my", login: "publisher", paths: ["/my"] },
    { route: "/my/keys", login: "publisher", paths: ["/my/keys"] },
    { route: "/my/versions/{id}", login: "publisher", paths: [listed, waiting, taken].map((v) => `/my/versions/${v.id}`) },
    { route: "/review", login: "reviewer", paths: ["/review", "/review?view=mine", "/review?q=nothing-like-this"] },
    { route: "/review/{review}", login: "reviewer", paths: [waiting, listed].map((v) => `/review/${v.review}`) },
    { route: "/ops", login: "operator", paths: ["/ops"] },
    { route: "/ops/audit", login: "operator", paths: ["/ops/audit"] },
  ];
}

/** Addresses of the console's pages by route. */
export function console(world) {
  const { operation, rolledBack, rollout, login } = world;
  const install = `/plugins/${BOARD}/install`;
  const steps = ["", "?step=2", "?step=3", "?step=4&grant=yes&high=yes"].map((step) => install + step);
  return [
    { route: "/", login, paths: ["/"] },
    { route: "/sign-in", login: null, paths: ["/sign-in"] },
    { route: "/problems/{code}", login: null, paths: ["/problems/PX-0407"] },
    { route: "/account", login, paths: ["/account"] },
    { route: "/plugins/marketplace", login, paths: ["/plugins/marketplace", "/plugins/marketplace?q=nothing-like-this"] },
    { route: "/plugins/marketplace/{plugin}", login, paths: [`/plugins/marketplace/${GREETER}`, `/plugins/marketplace/${BOARD}`] },
    { route: "/plugins/{plugin}/install", login, paths: steps },
    { route: "/plugins/installed", login, paths: ["/plugins/installed"] },
    { route: "/plugins/installed/{plugin}", login, paths: [`/plugins/installed/${GREETER}`, `/plugins/installed/${GREETER}?ask=rollback`] },
    { route: "/operations", login, paths: ["/operations"] },
    { route: "/operations/{install}", login, paths: [`/operations/${operation}`, `/operations/${rolledBack}`] },
    { route: "/rollouts", login: "ops", paths: ["/rollouts"] },
    { route: "/rollouts/{rollout}", login: "ops", paths: [`/rollouts/${rollout}`] },
    { route: "/inbox", login, paths: ["/inbox"] },
    { route: "/settings/notifications", login, paths: ["/settings/notifications"] },
    { route: "/alerts", login, paths: ["/alerts"] },
    { route: "/audit", login, paths: ["/audit", "/audit?q=nothing-like-this"] },
  ];
}

/** An address that leads nowhere, and one that belongs to somebody else. */
export const ERRORS = {
  market: { login: "publisher", paths: ["/nowhere", "/ops", "/plugins/com.example.nobody"] },
  console: { login: "north", paths: ["/nowhere", "/rollouts", "/operations/ins_01a20416382c72b28e2bfd67f9f3b0a9"] },
};
