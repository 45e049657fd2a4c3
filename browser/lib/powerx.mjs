// The real programs on free ports with private data: Marketplace, core and the author's command line.

import { spawn, execFile } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Password of the quick start's demo accounts, which listen on loopback only. */
export const PASSWORD = "powerx-demo-only";

/** Seconds a new version is watched here; the real default is 120. */
const PROBATION = "4";

export class PowerX {
  /** Starts `powerx` and waits until it prints its addresses. */
  static async start(program, repository, settings = {}) {
    const folder = await mkdtemp(join(tmpdir(), "powerx-browser-"));
    const server = new PowerX(program, repository, folder);
    const environment = {
      PATH: process.env.PATH,
      HOME: folder,
      MKP_LISTEN: "127.0.0.1:0",
      POWERX_LISTEN: "127.0.0.1:0",
      MKP_DATA_DIR: join(folder, "marketplace"),
      POWERX_DATA_DIR: join(folder, "core"),
      PX_PROBATION_SECONDS: PROBATION,
      PX_PROBE_SECONDS: "0.5",
      PX_ALLOW_PRIVATE_ADDRESSES: "1",
      // One try and no more: what does not arrive is to be seen on the operators' page.
      PX_NOTIFY_SCHEDULE: "0",
      PX_LOG: "error",
      ...settings,
    };
    server.child = spawn(program, [], { cwd: folder, env: environment, stdio: ["ignore", "pipe", "inherit"] });
    const welcome = await server.#welcome();
    server.market = /Marketplace\s+(http\S+?)\/?\s/.exec(welcome)[1];
    server.console = /PowerX console\s+(http\S+?)\/?\s/.exec(welcome)[1];
    const file = join(folder, "marketplace", "demo-accounts.json");
    server.accounts = JSON.parse(await readFile(file, "utf8")).accounts;
    return server;
  }

  constructor(program, repository, folder) {
    Object.assign(this, { program, repository, folder });
  }

  #welcome() {
    return new Promise((resolve, reject) => {
      let said = "";
      this.child.stdout.setEncoding("utf8");
      this.child.stdout.on("data", (text) => {
        said += text;
        if (/Ctrl-C stops/.test(said)) resolve(said);
      });
      this.child.once("exit", (code) => reject(new Error(`powerx ended with ${code} before it was up:\n${said}`)));
      this.child.once("error", reject);
    });
  }

  /** Ends the server and removes its data. */
  async stop() {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGTERM");
      const timer = setTimeout(() => this.child.kill("SIGKILL"), 15_000);
      await ended;
      clearTimeout(timer);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  account(login) {
    const found = this.accounts.find((a) => a.login === login);
    if (!found) throw new Error(`the quick start has no account ${login}`);
    return found;
  }

  /** Asks the API as `login`; answers the document, or throws what the problem says. */
  async ask(login, method, path, body) {
    const account = this.account(login);
    const base = account.site === "Marketplace" ? this.market : this.console;
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${account.token}`, ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} as ${login}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Runs `px-plugin`: the same program under another name. */
  async author(folder, ...words) {
    const home = join(this.folder, "author");
    const program = join(home, "px-plugin");
    await mkdir(home, { recursive: true });
    await symlink(this.program, program).catch((e) => { if (e.code !== "EEXIST") throw e; });
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      PX_MARKETPLACE_API_URL: `${this.market}/`,
      PX_MARKETPLACE_TOKEN: this.account("publisher").token,
    };
    try {
      const { stdout } = await run(program, [...words, "--format", "json"], { cwd: folder ?? home, env, timeout: 120_000 });
      return JSON.parse(stdout);
    } catch (e) {
      throw new Error(`px-plugin ${words.join(" ")}: ${e.stdout}${e.stderr}`);
    }
  }

  /** Publishes a version of a sample; answers its version id. `edit` may change files as an author would. */
  async publish(sample, label, edit = {}) {
    const out = join(await mkdtemp(join(this.folder, `${label}-`)), sample);
    await run("sh", [join(this.repository, "samples", "build.sh"), sample, label, out]);
    for (const [name, [from, to]] of Object.entries(edit)) {
      const text = await readFile(join(out, name), "utf8");
      const edited = text.replaceAll(from, to);
      if (edited === text) throw new Error(`${name} of ${sample} ${label} does not hold ${from}`);
      await writeFile(join(out, name), edited);
    }
    await this.author(out, "publish", ".", "--channel", "stable");
    const receipt = JSON.parse(await readFile(join(out, "publish-receipt.json"), "utf8"));
    return receipt.versionId;
  }

  /** Asks again and again until there is an answer. */
  async until(what, ask, seconds = 90) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const found = await ask();
      if (found) return found;
      if (Date.now() > end) throw new Error(`${what} did not come about within ${seconds} s`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  /** Waits until the automated part of a review has an end; answers the version. */
  reviewed(version) {
    const early = ["draft", "uploading", "submitted", "scanning"];
    return this.until("the automated part of the review", async () => {
      const view = await this.ask("publisher", "GET", `/api/marketplace/plugins/${version}/review`);
      return early.includes(view.state) ? null : view;
    });
  }

  /** Approves through the API, by as many reviewers as the risk asks for. */
  async approve(version) {
    for (const login of ["reviewer", "reviewer2"]) {
      const path = `/api/marketplace/plugins/${version}/review`;
      const view = await this.ask("publisher", "GET", path);
      if (view.state === "listed") return;
      const { claimToken } = await this.ask(login, "POST", `${path}/claim`, {});
      await this.ask(login, "PATCH", path, { decision: "approve", notes: "Looks right.", approvers: [], claimToken });
    }
  }

  /** Waits until the core knows a listed version. */
  synced(plugin, version) {
    return this.until(`${plugin} ${version} in the core`, async () => {
      const list = await this.ask("north", "GET", `/api/v1/admin/plugins/versions?pluginId=${plugin}`).catch(() => null);
      return JSON.stringify(list ?? "").includes(`"${version}"`);
    });
  }

  /** The tenant's plugin as installed, when it has it. */
  async installed(login, plugin) {
    const all = await this.ask(login, "GET", "/api/v1/admin/plugins/installed");
    return (all.items ?? all).find((p) => p.pluginId === plugin);
  }
}
