// What has happened before people come: versions published, decided, installed, taken back.

export const GREETER = "com.powerx.samples.greeter";
export const BOARD = "com.powerx.samples.board";

/** The samples' batches wait for minutes; here they follow each other at once. */
const AT_ONCE = { "publish.yml": [/wait: \d+m/g, "wait: 0s"] };

/** Publishes what the stories decide about: two versions each of two plugins, all waiting for a reviewer. */
export async function submit(powerx) {
  await powerx.author(null, "keys", "generate");
  await powerx.author(null, "keys", "register", "--name", "laptop");
  const versions = [];
  for (const [sample, plugin, label, edit] of [
    ["hello-wasm", GREETER, "1.0.0", AT_ONCE],
    ["board-static", BOARD, "1.0.0", {}],
  ]) {
    versions.push({ plugin, label, id: await powerx.publish(sample, label, edit) });
  }
  for (const version of versions) version.review = (await powerx.reviewed(version.id)).reviewId;
  return versions;
}

/** Publishes one more version and waits for a reviewer's turn. */
export async function publish(powerx, sample, plugin, label, edit = sample === "hello-wasm" ? AT_ONCE : {}) {
  const id = await powerx.publish(sample, label, edit);
  const { reviewId } = await powerx.reviewed(id);
  return { plugin, label, id, review: reviewId };
}

/** Installs through the API and waits for the end; answers the operation's id. */
export async function install(powerx, login, plugin, version, permissions = []) {
  const request = { pluginId: plugin, version, acknowledgedPermissions: permissions, acknowledgeHighRisk: true };
  const { installJobId } = await powerx.ask(login, "POST", "/api/v1/admin/plugins/install/url", request);
  await powerx.until(`install of ${plugin} ${version}`, async () => {
    const view = await powerx.ask(login, "GET", `/api/v1/admin/plugins/install/status?jobId=${installJobId}`);
    if (["failed", "quarantined"].includes(view.status)) throw new Error(`${plugin} ${version}: ${JSON.stringify(view.problem)}`);
    return ["committed", "rolled_back"].includes(view.status);
  });
  return installJobId;
}

/** Requests through the gateway, so that there are figures to show. */
export async function use(powerx, login, plugin, times) {
  for (let n = 0; n < times; n += 1) await powerx.ask(login, "GET", `/_p/${plugin}/api/hello?name=${n}`);
}

/** A version that is healthy for seconds only reaches the tenant by policy and is taken back; answers the operation. */
export async function badVersion(powerx, login) {
  await powerx.ask(login, "PUT", `/api/v1/admin/plugins/${GREETER}/policy`, { policy: "auto" });
  const dies = { ...AT_ONCE, "plugin.yaml": ["DIES_AFTER_SECONDS:-60", "DIES_AFTER_SECONDS:-2"] };
  const version = await publish(powerx, "hello-wasm", GREETER, "1.2.2-dies", dies);
  await powerx.approve(version.id);
  return powerx.until("an alert about a rollback", async () => {
    const alerts = await powerx.ask(login, "GET", "/api/v1/admin/alerts");
    return (alerts.items ?? alerts).find((a) => a.kind === "install.rolled_back")?.subject;
  });
}

/** A tenant is told of news where nobody listens: its own page names the address, the operators' page the notice. */
async function toldInVain(powerx, login) {
  const addresses = { webhookUrl: "http://127.0.0.1:9/hook", email: "admin@example.com", language: "zh-CN" };
  await powerx.ask(login, "PUT", "/api/v1/admin/notifications", addresses);
  await powerx.ask(login, "PUT", `/api/v1/admin/plugins/${GREETER}/subscription`, { channel: "stable" });
}

/** Everything the pages are to show besides what the stories did: a bad version, a rollout, a waiting review. */
export async function aftermath(powerx) {
  const login = "valley";
  const operation = await install(powerx, login, GREETER, "1.0.0", ["greeter:greeting:read"]);
  await use(powerx, login, GREETER, 40);
  await install(powerx, login, GREETER, "1.1.0");
  await toldInVain(powerx, login);
  const next = { "plugin.yaml": ["1.1.0", "1.4.0"], "CHANGELOG.md": ["1.1.0", "1.4.0"] };
  const waiting = await publish(powerx, "hello-wasm", GREETER, "1.1.0", { ...AT_ONCE, ...next });
  const rolledBack = await badVersion(powerx, login);
  const rollouts = await powerx.ask("ops", "GET", "/api/v1/admin/plugins/rollouts");
  const [first] = rollouts.items ?? rollouts;
  await powerx.until("a notice that was given up", async () => {
    const dead = await powerx.ask("operator", "GET", "/api/marketplace/notices/dead");
    return (dead.items ?? dead).length;
  });
  // The version before serves again: its figures are what the plugin's page shows.
  await use(powerx, login, GREETER, 40);
  return { login, operation, rolledBack, rollout: first.rolloutId ?? first.id, waiting };
}

/** The same without people's stories, through the API: for pictures and measurements. */
export async function peopled(powerx) {
  const decide = async (version, decision = "approve") => {
    if (decision === "approve") return powerx.approve(version.id);
    const path = `/api/marketplace/plugins/${version.id}/review`;
    const { claimToken } = await powerx.ask("reviewer", "POST", `${path}/claim`, {});
    return powerx.ask("reviewer", "PATCH", path, { decision, notes: "The name is somebody else's.", approvers: [], claimToken });
  };
  for (const version of await submit(powerx)) await decide(version);
  await powerx.synced(GREETER, "1.0.0");
  for (const login of ["north", "harbour"]) {
    await powerx.ask(login, "PUT", `/api/v1/admin/plugins/${GREETER}/subscription`, { channel: "stable" }).catch(() => {});
    await install(powerx, login, GREETER, "1.0.0", ["greeter:greeting:read"]);
  }
  await install(powerx, "valley", BOARD, "1.0.0").catch(() => {});
  const listed = await publish(powerx, "hello-wasm", GREETER, "1.1.0");
  await decide(listed);
  const taken = await publish(powerx, "hello-wasm", GREETER, "1.3.0-permission");
  await decide(taken, "reject");
  await decide(await publish(powerx, "board-static", BOARD, "1.1.0"));
  await powerx.synced(GREETER, "1.1.0");
  return { listed, taken, ...(await aftermath(powerx)) };
}
