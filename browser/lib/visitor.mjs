// A browser window of one person: language, theme and width, and a watch on everything a page must not do.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { PASSWORD } from "./powerx.mjs";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--force-color-profile=srgb",
  "--font-render-hinting=none",
];

/** The four ways that hold every pair of language, theme and width. */
export const LOOKS = [
  { name: "en-light-1280", locale: "en-US", theme: "light", width: 1280 },
  { name: "zh-dark-1280", locale: "zh-CN", theme: "dark", width: 1280 },
  { name: "en-dark-390", locale: "en-US", theme: "dark", width: 390 },
  { name: "zh-light-390", locale: "zh-CN", theme: "light", width: 390 },
];

/** Where chromium is on this machine. */
export function program() {
  const found = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (!found) throw new Error("there is no chromium here: install the package `chromium`, or name one in CHROMIUM");
  return found;
}

export function launch(more = []) {
  return chromium.launch({ executablePath: program(), args: [...ARGUMENTS, ...more] });
}

export class Visitor {
  /** Opens a window in the given look. */
  static async open(browser, look, { script = true, scale = 1, height } = {}) {
    const context = await browser.newContext({
      locale: look.locale,
      timezoneId: look.locale === "zh-CN" ? "Asia/Shanghai" : "Europe/Berlin",
      colorScheme: look.theme,
      viewport: { width: look.width, height: height ?? (look.width < 500 ? 844 : 900) },
      deviceScaleFactor: scale,
      javaScriptEnabled: script,
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(15_000);
    const visitor = new Visitor(context, look, await context.newPage());
    if (script) await visitor.#watch();
    return visitor;
  }

  constructor(context, look, page) {
    Object.assign(this, { context, look, page, faults: [] });
  }

  /** Console errors, exceptions, and what the content security policy stopped. */
  async #watch() {
    await this.context.exposeFunction("pxViolation", (text) => this.faults.push(text));
    await this.context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) =>
        window.pxViolation(`content security policy: ${e.violatedDirective} stopped ${e.blockedURI} at ${location.pathname}`));
    });
    const at = () => new URL(this.page.url()).pathname;
    this.page.on("pageerror", (error) => this.faults.push(`exception at ${at()}: ${error.message}`));
    this.page.on("console", (message) => {
      if (message.type() !== "error" || this.expected?.test(message.text())) return;
      this.faults.push(`console at ${at()}: ${message.text()}`);
    });
  }

  async goto(address) {
    const answer = await this.page.goto(address, { waitUntil: "load" });
    return answer.status();
  }

  /** Signs in without the keyboard's help, for tests about something else. */
  async signIn(site, login) {
    await this.goto(`${site}/sign-in`);
    const form = this.page.locator("form:has(input[type=password])");
    await form.locator("input:not([type=hidden]):not([type=password])").first().fill(login);
    await form.locator("input[type=password]").fill(PASSWORD);
    await Promise.all([this.page.waitForNavigation({ waitUntil: "load" }), form.locator("button").click()]);
    if (new URL(this.page.url()).pathname === "/sign-in") throw new Error(`${login} is not let in at ${site}`);
  }

  /** Takes what was seen so far that must not be. */
  take() {
    return this.faults.splice(0);
  }

  close() {
    return this.context.close();
  }
}
