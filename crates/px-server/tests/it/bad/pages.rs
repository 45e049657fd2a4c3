//! Texts of strangers on the pages of both sites (A23): published for real, shown as text, under a
//! policy that runs nothing of it anyway.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::browser::{Browser, Side};
use super::bundles::{Author, Plugin};
use super::catalog::registration;
use super::install::{committed, order};
use super::routes::{filled, routes};
use super::world::{Reply, World, go, ok};

const ID: &str = "com.example.evil";
/// What must never become markup: each in a text of its own, told apart by its number.
const NAME: &str = "Notes <img src=x onerror=alert(1)>";
const ABOUT: &str = "Takes <script>alert(2)</script> notes";
const CHANGES: &str =
    "Pins <script>alert(3)</script> [more](javascript:alert(3)) \"><svg onload=alert(3)>";
const NEWS: &str = "'\"><script>alert(4)</script> [more](javascript:alert(4))";
const MENU: &str = "<svg onload=alert(5)>";
const PUBLISHER: &str = "<img src=x onerror=alert(6)>";
const REASON: &str = "</td><script>alert(7)</script> was friendlier";
const TOKEN: &str = "build <b onclick=alert(8)>";
const AUTHOR: &str = "<i onmouseover=alert(9)>";

fn manifest(version: &str) -> String {
    format!(
        "id: {ID}\nname: '{NAME}'\nversion: {version}\ndescription: '{ABOUT}'\n\
         corex_version: \">=1.0.0, <2.0.0\"\nruntime:\n  kind: static\nfrontend:\n  admin:\n    kind: static\n    \
         static_dir: web-admin\n    menus:\n      - id: one\n        title: '{MENU}'\n        path: /\n\
         permissions:\n  - \"notes:read\"\nmetadata:\n  author: '{AUTHOR}'\n  license: Apache-2.0\n  category: productivity\n"
    )
}

fn plugin(version: &str) -> Plugin {
    let changes = format!("# Changes\n\n## {version}\n\n- {CHANGES}\n");
    Plugin::new(version)
        .id(ID)
        .with("plugin.yaml", manifest(version).as_bytes())
        .with("CHANGELOG.md", changes.as_bytes())
        .with("README.md", format!("# Notes\n\n{CHANGES}\n").as_bytes())
}

/// Publishes and installs two versions, goes back to the first, and leaves texts everywhere.
async fn scene(w: &World) -> (String, String, String) {
    let token = w.token("publisher");
    let first = Author::register(w, &token, 1).await;
    let db = w.market_db().await;
    let mut tx = db.begin().await.unwrap();
    let id = first.publisher.parse().unwrap();
    let renamed = px_market::store::publishers::put(&mut tx, id, PUBLISHER);
    renamed.await.unwrap();
    tx.commit().await.unwrap();
    // A certificate with the new name, which the core's log shows.
    let author = Author::register(w, &token, 2).await;
    let mut ids = Vec::new();
    let mut job = String::new();
    for version in ["1.0.0", "1.1.0"] {
        let plugin = plugin(version);
        let bytes = author.bundle(&plugin);
        let mut request = registration(&plugin, &bytes);
        request["notes"] = json!(NEWS);
        let version = w.submit(&token, &request, &bytes).await;
        let view = w.reviewed(&version).await;
        assert_eq!(view["state"], "in_review", "{view}");
        ids.push(view["reviewId"].as_str().unwrap().to_owned());
        w.approve_and_wait(&plugin, &version, REASON).await;
        job = committed(w, "north", &order(&plugin)).await;
        ids.push(version);
    }
    let back = json!({ "pluginId": ID, "reason": REASON });
    let path = "/api/v1/admin/plugins/upgrade/rollback";
    ok(w.core(Method::POST, path, &w.token("north")).json(&back)).await;
    super::install::ended(w, "north", &job).await;
    for (side, login) in [(Side::Market, "publisher"), (Side::Core, "north")] {
        let browser = Browser::sign_in(w, side, login).await;
        let scope = match side {
            Side::Market => "plugin.read",
            Side::Core => "tenant.plugins",
        };
        let fields = [("name", TOKEN), ("scope", scope), ("days", "3")];
        let made = go(browser.form(w, "/account/tokens", &fields)).await;
        assert_eq!(made.status, 200, "{}", made.text());
        sound("a new token", &made);
    }
    (ids[2].clone(), ids[3].clone(), job)
}

/// Names of attributes, and tags with them, as a browser reads them.
fn tags(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for (at, _) in page.match_indices('<') {
        let rest = &page[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let name = name.clone().next().unwrap().to_ascii_lowercase();
        found.push((name.clone(), attributes(&rest[name.len()..])));
    }
    found
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return found;
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/');
        let end = rest.find(ends).unwrap_or(rest.len()).max(1);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (inner, closed) = match quote {
                Some(_) => (&after[1..], after[1..].find(quote.unwrap())),
                None => (after, after.find(|c: char| c.is_whitespace() || c == '>')),
            };
            let closed = closed.unwrap_or(inner.len());
            value = &inner[..closed];
            rest = inner[closed..].trim_start_matches(['"', '\'']);
        }
        found.push((name, value.to_owned()));
    }
}

/// A strict policy, and nothing in the page that would run without it.
fn sound(path: &str, reply: &Reply) {
    let policy = reply.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{path}: no {part} in `{policy}`");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    if !reply.header("content-type").starts_with("text/html") {
        return;
    }
    let page = reply.text();
    for (tag, attributes) in tags(&page) {
        let allowed = !["iframe", "object", "embed", "base", "style"].contains(&tag.as_str());
        assert!(allowed, "{path}: <{tag}>");
        let has = |name: &str| attributes.iter().any(|(n, _)| n == name);
        assert!(
            tag != "script" || has("src"),
            "{path}: a script in the page"
        );
        for (name, value) in &attributes {
            let runs = name.starts_with("on") || name == "style" || name == "srcdoc";
            assert!(!runs, "{path}: <{tag} {name}={value}>");
            let value = value.trim().to_ascii_lowercase();
            let runs = value.starts_with("javascript:") || value.starts_with("data:text");
            assert!(!runs, "{path}: <{tag} {name}={value}>");
            assert!(name != "src" || value.starts_with('/'), "{path}: {value}");
        }
    }
}

/// Which of the texts a page shows, as text.
fn shown(reply: &Reply) -> BTreeSet<u32> {
    let page = reply.text();
    (1..10)
        .filter(|n| page.contains(&format!("alert({n})")))
        .collect()
}

/// Asks for every page of a site as several people; what they were shown of the texts.
async fn walk(w: &World, side: Side, logins: &[&str], values: &[(&str, &str)]) -> BTreeSet<u32> {
    let mut browsers = Vec::new();
    for login in logins {
        browsers.push(Browser::sign_in(w, side, login).await);
    }
    let mut seen = BTreeSet::new();
    let odd = [
        "/?q=<script>alert(0)</script>",
        "/<script>alert(0)</script>",
    ];
    let odd = odd.map(str::to_owned).into_iter();
    let next = "/sign-in?next=\"><script>alert(0)</script>".to_owned();
    let pages = routes(side);
    let pages = pages.iter().filter(|r| r.get && !r.path.ends_with("/live"));
    let pages = pages.map(|r| filled(r.path, values));
    for path in pages.chain(odd).chain([next]) {
        let mut opened = false;
        for browser in &browsers {
            let reply = browser.page(w, &path).await;
            assert!(reply.status < 500, "{path}: {}", reply.text());
            sound(&path, &reply);
            opened |= reply.status == 200 || reply.status == 303;
            seen.extend(shown(&reply));
        }
        let reply = go(side
            .ask(w, Method::GET, &path)
            .header("accept", "text/html"))
        .await;
        sound(&path, &reply);
        let known = !path.contains("alert(0)") && !path.contains("rol_");
        assert!(opened || !known, "{path}: nobody could open it");
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_write_stays_text_on_every_page() {
    let w = World::start(&[]).await;
    let (review, version, job) = scene(&w).await;
    let values = [
        ("plugin", ID),
        ("review", review.as_str()),
        ("id", version.as_str()),
        ("install", job.as_str()),
        ("rollout", "rol_00000000000000000000000000000001"),
    ];
    let market = ["publisher", "reviewer", "operator"];
    let seen = walk(&w, Side::Market, &market, &values).await;
    // Without these on the pages, nothing would have been tested.
    for number in [1, 2, 3, 4, 6, 8] {
        assert!(
            seen.contains(&number),
            "text {number} is on no page: {seen:?}"
        );
    }
    let seen = walk(&w, Side::Core, &["north", "ops"], &values).await;
    for number in [1, 4, 6, 7, 8] {
        assert!(
            seen.contains(&number),
            "text {number} is on no page: {seen:?}"
        );
    }
    // Data, not markup: what the pages and the CLI read comes as it was written, as JSON.
    let path = format!("/api/marketplace/plugins/{ID}");
    let reply = go(w.market(Method::GET, &path, "")).await;
    assert!(reply.header("content-type").starts_with("application/json"));
    assert_eq!(reply.json()["name"], NAME);
    w.end().await;
}

#[test]
fn the_scanner_sees_what_a_browser_would_run() {
    let page =
        r#"<p class="a b" title='<i>'>x</p><img src=x onerror=alert(1)><a href="javascript:x">"#;
    let found = tags(page);
    let names: Vec<_> = found.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["p", "i", "img", "a"]);
    let has = |tag: usize, name: &str| found[tag].1.iter().any(|(n, _)| n == name);
    assert!(has(0, "class") && has(0, "title"), "{found:?}");
    assert!(has(2, "onerror") && has(3, "href"), "{found:?}");
}
