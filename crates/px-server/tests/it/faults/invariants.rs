//! What must hold after every fault, each with a name; checked in both databases, on disk and over
//! HTTP.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use px_model::event_type;
use px_store::{Db, Row, vals};
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::bundles::title;
use super::client::{Ask, Client, Side};
use super::site::Site;

/// What is wrong, in words.
pub type Faults = Vec<String>;

/// Who asks the gateway.
pub struct Viewer<'a> {
    pub client: &'a Client,
    pub token: &'a str,
    /// Tenants that are asked for; all of them when there are none.
    pub tenants: &'a [String],
}

/// Waits until everything holds; names what does not.
pub async fn hold(site: &Site, viewer: &Viewer<'_>, story: &str) {
    let mut faults = Faults::new();
    for _ in 0..60 {
        faults = everything(site, viewer).await;
        if faults.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{story}: {}\n--- log\n{}", faults.join("\n"), site.log());
}

/// What does not hold at this moment.
pub async fn everything(site: &Site, viewer: &Viewer<'_>) -> Faults {
    let mut faults = Faults::new();
    for (side, db) in [("market", &site.market_db), ("core", &site.core_db)] {
        chain_is_whole(side, db, &mut faults).await;
        no_job_is_lost(side, db, &mut faults).await;
    }
    nothing_is_under_way(site, &mut faults).await;
    one_served_version(site, viewer, &mut faults).await;
    installs_are_told_once(&site.core_db, &mut faults).await;
    versions_are_told_once(&site.market_db, &mut faults).await;
    listings_arrived(site, &mut faults).await;
    outcomes_arrived(site, &mut faults).await;
    faults
}

async fn rows(db: &Db, sql: &'static str) -> Vec<Row> {
    db.rows(sql, vals![]).await.unwrap()
}

fn text(row: &Row, column: &str) -> String {
    row.opt_text(column).unwrap().unwrap_or_default()
}

fn json(row: &Row, column: &str) -> Value {
    serde_json::from_str(&text(row, column)).unwrap_or_default()
}

/// The audit chain verifies; numbers of the outbox have no gap.
async fn chain_is_whole(side: &str, db: &Db, faults: &mut Faults) {
    let verdict = px_store::verify_audit(db).await.unwrap();
    if let Some(bad) = &verdict.first_bad {
        faults.push(format!("{side}: the audit chain breaks at {bad:?}"));
    }
    let all = rows(
        db,
        "SELECT COUNT(*) AS n, COALESCE(MAX(seq), 0) AS last FROM outbox",
    )
    .await;
    let (count, last) = (all[0].int("n").unwrap(), all[0].int("last").unwrap());
    let head = px_store::feed_head(db).await.unwrap();
    if count != last || last != head {
        faults.push(format!(
            "{side}: outbox has {count} events up to {last}, head {head}"
        ));
    }
}

/// No job is given up, none is held by nobody.
async fn no_job_is_lost(side: &str, db: &Db, faults: &mut Faults) {
    for row in rows(db, "SELECT kind, last_error FROM jobs WHERE state = 'dead'").await {
        let why = text(&row, "last_error");
        faults.push(format!(
            "{side}: a job {} is dead: {why}",
            text(&row, "kind")
        ));
    }
    let now = db.env().now().as_microsecond();
    let held = "SELECT kind, lease_until FROM jobs WHERE state = 'running'";
    for row in rows(db, held).await {
        let until = row.int("lease_until").unwrap();
        if until + 5_000_000 < now {
            faults.push(format!(
                "{side}: a job {} is held by nobody",
                text(&row, "kind")
            ));
        }
    }
}

/// No install and no version is in a state that is on its way somewhere.
async fn nothing_is_under_way(site: &Site, faults: &mut Faults) {
    for row in rows(
        &site.core_db,
        "SELECT id, state FROM installs WHERE active = 1",
    )
    .await
    {
        faults.push(format!(
            "install {} is in {}",
            text(&row, "id"),
            text(&row, "state")
        ));
    }
    let passing = "SELECT plugin, version, state FROM versions
         WHERE state IN ('submitted', 'scanning', 'approved', 'uploading')";
    for row in rows(&site.market_db, passing).await {
        let name = text(&row, "plugin");
        faults.push(format!(
            "{name} {} is {}",
            text(&row, "version"),
            text(&row, "state")
        ));
    }
}

/// One version is installed and served, and it is the one that was verified.
async fn one_served_version(site: &Site, viewer: &Viewer<'_>, faults: &mut Faults) {
    let all = "SELECT i.tenant, i.plugin, i.committed, i.candidate, i.held FROM installed i";
    for row in rows(&site.core_db, all).await {
        let (tenant, plugin) = (text(&row, "tenant"), text(&row, "plugin"));
        if !viewer.tenants.is_empty() && !viewer.tenants.contains(&tenant) {
            continue;
        }
        if row.opt_text("candidate").unwrap().is_some() || row.bool("held").unwrap() {
            faults.push(format!("{tenant} {plugin} has a candidate or is held"));
        }
        let committed = json(&row, "committed");
        let version = committed["version"].as_str().unwrap_or_default().to_owned();
        let newest = newest_good(&site.core_db, &tenant, &plugin).await;
        if newest.as_ref() != Some(&version) {
            faults.push(format!(
                "{tenant} {plugin}: {version} is committed, history says {newest:?}"
            ));
        }
        verified(site, &plugin, &committed, faults);
        let path = format!("/_p/{plugin}/admin/");
        let ask = Ask::new(Side::Core, Method::GET, &path, viewer.token);
        let reply = viewer
            .client
            .once(&ask.header("x-px-tenant", &tenant))
            .await;
        let served = reply.map(|r| r.text).unwrap_or_default();
        if !served.contains(&title(&version)) {
            faults.push(format!(
                "{tenant} {plugin}: {version} is committed, served is {served}"
            ));
        }
    }
}

/// What the history of a tenant's installs says must be installed now.
async fn newest_good(db: &Db, tenant: &str, plugin: &str) -> Option<String> {
    // By the number in the audit log: clocks are set back in some stories.
    let ends = "SELECT i.version FROM installs i JOIN audit a ON a.subject = i.id
         WHERE i.tenant = $1 AND i.plugin = $2 AND i.state = 'committed' AND a.action = 'install.committed'
         ORDER BY a.seq DESC";
    let found = db.rows(ends, vals![tenant, plugin]).await.unwrap();
    found.first().map(|row| text(row, "version"))
}

fn verified(site: &Site, plugin: &str, release: &Value, faults: &mut Faults) {
    let (version, digest) = (
        &release["version"],
        release["digest"].as_str().unwrap_or_default(),
    );
    let version = version.as_str().unwrap_or_default();
    let folder = site.data("core").join("installed").join(plugin);
    let marker = std::fs::read_to_string(folder.join(format!("{version}.sha256")));
    if marker.as_deref().ok() != Some(digest) {
        faults.push(format!(
            "{plugin} {version}: unpacked is {marker:?}, committed {digest}"
        ));
    }
    let bundle = site
        .data("core")
        .join("bundles")
        .join(format!("{digest}.pxp"));
    let found = std::fs::read(bundle).map(|b| hex::encode(Sha256::digest(&b)));
    if found.as_deref().ok() != Some(digest) {
        faults.push(format!(
            "{plugin} {version}: the bundle's digest is {found:?}"
        ));
    }
    let page = std::fs::read_to_string(folder.join(version).join("web-admin/index.html"));
    if !page.unwrap_or_default().contains(&title(version)) {
        faults.push(format!(
            "{plugin} {version}: the unpacked page is another one"
        ));
    }
}

/// Every step of every install has one audit entry and one event, in the same order.
async fn installs_are_told_once(db: &Db, faults: &mut Faults) {
    let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(
        db,
        "SELECT install, state FROM install_steps ORDER BY install, seq",
    )
    .await
    {
        steps
            .entry(text(&row, "install"))
            .or_default()
            .push(text(&row, "state"));
    }
    let mut audit: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let entries =
        "SELECT subject, action, detail FROM audit WHERE action LIKE 'install.%' ORDER BY seq";
    for row in rows(db, entries).await {
        let to = json(&row, "detail")["to"].as_str().map(str::to_owned);
        if let Some(to) = to.filter(|to| text(&row, "action") == format!("install.{to}")) {
            audit.entry(text(&row, "subject")).or_default().push(to);
        }
    }
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let told = "SELECT subject, data FROM outbox WHERE kind LIKE 'plugin.install.%' ORDER BY seq";
    for row in rows(db, told).await {
        let to = json(&row, "data")["change"]["to"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        events.entry(text(&row, "subject")).or_default().push(to);
    }
    same("audit of installs", &steps, &audit, faults);
    same("events of installs", &steps, &events, faults);
    for (install, states) in &steps {
        let commits = states.iter().filter(|s| *s == "committed").count();
        if commits > 1 || states.windows(2).any(|w| w[0] == w[1]) {
            faults.push(format!(
                "install {install} did something twice: {}",
                states.join(" ")
            ));
        }
    }
}

/// Every change of every version has one audit entry, and its events.
async fn versions_are_told_once(db: &Db, faults: &mut Faults) {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut audit: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(
        db,
        "SELECT version, state FROM timeline ORDER BY version, seq",
    )
    .await
    {
        steps
            .entry(text(&row, "version"))
            .or_default()
            .push(text(&row, "state"));
    }
    for row in rows(db, "SELECT subject, action, detail FROM audit ORDER BY seq").await {
        let (subject, action, detail) = (
            text(&row, "subject"),
            text(&row, "action"),
            json(&row, "detail"),
        );
        if action == "version.registered" && !audit.contains_key(&subject) {
            audit
                .entry(subject.clone())
                .or_default()
                .push("draft".to_owned());
        }
        if let Some(to) = detail["to"].as_str() {
            audit
                .entry(subject.clone())
                .or_default()
                .push(to.to_owned());
        }
        let from_listed = detail["from"].as_str() == Some("listed");
        let events: &[&str] = match action.as_str() {
            "version.submitted" => &[event_type::RECEIVED],
            "version.listed" => &[
                event_type::APPROVED,
                event_type::PLUGIN_APPROVED,
                event_type::NOTIFIED,
            ],
            "version.quarantine_lifted" => &[event_type::PLUGIN_APPROVED],
            "version.quarantined" | "version.withdrawn" | "version.recalled" if from_listed => {
                &[event_type::PLUGIN_WITHDRAWN]
            }
            "version.blocked" | "review.rejected" | "review.changes_requested" => {
                &[event_type::REJECTED]
            }
            _ => &[],
        };
        let all = wanted.entry(subject).or_default();
        all.extend(events.iter().map(|e| (*e).to_owned()));
    }
    for row in rows(db, "SELECT subject, kind FROM outbox ORDER BY seq").await {
        told.entry(text(&row, "subject"))
            .or_default()
            .push(text(&row, "kind"));
    }
    wanted.retain(|_, events| !events.is_empty());
    for events in wanted.values_mut().chain(told.values_mut()) {
        events.sort();
    }
    same("audit of versions", &steps, &audit, faults);
    same("events of versions", &wanted, &told, faults);
}

fn same(
    what: &str,
    wanted: &BTreeMap<String, Vec<String>>,
    found: &BTreeMap<String, Vec<String>>,
    faults: &mut Faults,
) {
    for (subject, all) in wanted {
        let got = found.get(subject).cloned().unwrap_or_default();
        if got != *all {
            faults.push(format!(
                "{what}: {subject}: {} instead of {}",
                got.join(" "),
                all.join(" ")
            ));
        }
    }
    for subject in found.keys().filter(|s| !wanted.contains_key(*s)) {
        faults.push(format!("{what}: {subject} is told of and does not exist"));
    }
}

/// The core knows every listed version, and the Marketplace still has its bytes.
async fn listings_arrived(site: &Site, faults: &mut Faults) {
    let listed = "SELECT id, plugin, version, sha256 FROM versions WHERE state = 'listed'";
    // A release whose rollout was halted is quarantined here, and goes on being listed elsewhere.
    let known = "SELECT c.version_id, c.digest,
         CASE WHEN c.state = 'quarantined' AND r.state = 'paused' THEN 'listed' ELSE c.state END AS state
         FROM catalog c LEFT JOIN rollouts r ON r.version_id = c.version_id";
    let known = rows(&site.core_db, known).await;
    for row in rows(&site.market_db, listed).await {
        let (id, digest) = (text(&row, "id"), text(&row, "sha256"));
        let name = format!("{} {}", text(&row, "plugin"), text(&row, "version"));
        let here = known.iter().find(|k| text(k, "version_id") == id);
        if here.is_none_or(|k| text(k, "state") != "listed" || text(k, "digest") != digest) {
            faults.push(format!("the core does not know {name} as it is listed"));
        }
        let blob = site
            .data("market")
            .join("blobs/sha256")
            .join(&digest[..2])
            .join(&digest);
        let found = std::fs::read(blob).map(|b| hex::encode(Sha256::digest(&b)));
        if found.as_deref().ok() != Some(digest.as_str()) {
            faults.push(format!("the bundle of {name} is {found:?}"));
        }
    }
}

/// What became of installs was reported once.
async fn outcomes_arrived(site: &Site, faults: &mut Faults) {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&site.market_db, "SELECT report_id, outcome FROM outcomes").await {
        told.entry(text(&row, "report_id"))
            .or_default()
            .push(text(&row, "outcome"));
    }
    let ended =
        "SELECT s.install, s.seq, s.state FROM install_steps s JOIN installs i ON i.id = s.install
         WHERE s.state IN ('committed', 'rolled_back') AND i.version_id IS NOT NULL";
    for row in rows(&site.core_db, ended).await {
        let report = format!("{}-{}", text(&row, "install"), row.int("seq").unwrap());
        let count = told.get(&report).map_or(0, Vec::len);
        if count != 1 {
            faults.push(format!(
                "{report} ({}) was reported {count} times",
                text(&row, "state")
            ));
        }
    }
}

/// After a day nothing lies about that nobody needs.
pub async fn no_orphans(site: &Site, story: &str) {
    let mut left = Vec::new();
    for _ in 0..60 {
        left = orphans(site).await;
        if left.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!(
        "{story}: these files belong to nobody:\n{}\n--- log\n{}",
        left.join("\n"),
        site.log()
    );
}

/// Files that belong to nobody at this moment.
pub async fn orphans(site: &Site) -> Vec<String> {
    let mut kept = Vec::new();
    let all = "SELECT plugin, committed, previous FROM installed";
    for row in rows(&site.core_db, all).await {
        for column in ["committed", "previous"] {
            let release = json(&row, column);
            if let (Some(version), Some(digest)) =
                (release["version"].as_str(), release["digest"].as_str())
            {
                let plugin = text(&row, "plugin");
                kept.push(format!("installed/{plugin}/{version}"));
                kept.push(format!("bundles/{digest}.pxp"));
            }
        }
    }
    let mut left = Vec::new();
    let core = site.data("core");
    for part in ["bundles", "installed", "tenants"] {
        for file in files(&core.join(part)) {
            let name = file.strip_prefix(&core).unwrap().display().to_string();
            let known = kept.iter().any(|k| name.starts_with(k.as_str()));
            let data = name.starts_with("tenants/") && !name.contains("/snapshots/");
            if !known && !data {
                left.push(format!("core/{name}"));
            }
        }
    }
    let market = site.data("market");
    let known: Vec<_> = rows(&site.market_db, "SELECT sha256 FROM versions").await;
    let known: Vec<_> = known.iter().map(|r| text(r, "sha256")).collect();
    for part in ["blobs", "uploads", "sandbox", "scratch"] {
        for file in files(&market.join(part)) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let cache = file.components().any(|c| c.as_os_str() == "compiled");
            if !known.contains(&name) && !cache {
                left.push(format!("market/{part}/{name}"));
            }
        }
    }
    left
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
