//! Hosts of bundles that are slow, cut off, refuse or answer beside the question (F13): what can be
//! mended is, what cannot ends with a code after a known number of tries.

use std::time::Duration;

use px_api::Code;
use px_testkit::{BundleOrigin, Serve};
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{Author, Plugin};
use super::catalog::sha256;
use super::install::{accepted, ended, order};
use super::world::{World, ok};

/// Tries of one step, as the settings below have it.
const TRIES: usize = 3;

/// A bundle, the host that serves it, and the install that asks there.
struct Case {
    name: &'static str,
    plugin: Plugin,
    origin: BundleOrigin,
    bytes: usize,
    job: String,
}

async fn world() -> (World, Author) {
    let w = World::start(&[
        ("PX_ONLINE_ALLOWED_HOSTS", "127.0.0.1"),
        ("PX_INSTALL_ATTEMPTS", "3"),
        ("PX_INSTALL_RETRY_SECONDS", "0.05"),
        ("PX_DOWNLOAD_STALL_SECONDS", "1"),
    ])
    .await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    // Something listed makes the core fetch what to trust.
    let known = Plugin::new("1.0.0").id("com.example.known");
    w.list(&known, &author.bundle(&known)).await;
    (w, author)
}

/// Starts an install from a host that behaves like that; `next` is given the bundle's length.
async fn begin(
    w: &World,
    author: &Author,
    name: &'static str,
    next: impl FnOnce(usize) -> Vec<Serve>,
    otherwise: Serve,
) -> Case {
    let id = format!("com.example.{}", name.replace(' ', "-"));
    let plugin = Plugin::new("1.0.0").id(&id);
    let bytes = author.bundle(&plugin);
    let length = bytes.len();
    let mut wanted = order(&plugin);
    wanted["sha256"] = json!(sha256(&bytes));
    let origin = BundleOrigin::start(bytes, next(length), otherwise).await;
    let origin = origin.unwrap();
    wanted["url"] = json!(origin.url());
    let job = accepted(w, "valley", &wanted).await;
    Case {
        name,
        plugin,
        origin,
        bytes: length,
        job,
    }
}

impl Case {
    async fn end(&self, w: &World) -> Value {
        ended(w, "valley", &self.job).await
    }

    /// First bytes asked for, in order.
    fn froms(&self) -> Vec<usize> {
        self.origin.asked().iter().map(|a| a.from).collect()
    }

    /// It failed with this code and reason after every try that the settings allow, and no more.
    async fn gave_up(&self, w: &World, code: Code, names: &str, tries: usize) {
        let (name, view) = (self.name, self.end(w).await);
        assert_eq!(view["status"], "failed", "{name}: {view}");
        assert_eq!(view["problem"]["code"], code.as_str(), "{name}: {view}");
        assert!(view.to_string().contains(names), "{name}: {view}");
        assert_eq!(self.froms().len(), tries, "{name}: {view}");
        let alerts = w.core(Method::GET, "/api/v1/admin/alerts", &w.token("valley"));
        let alerts = ok(alerts).await.to_string();
        assert!(alerts.contains(&self.job), "{name}: no alert: {alerts}");
    }

    /// It succeeded with exactly these requests.
    async fn mended(&self, w: &World, froms: &[usize]) {
        let (name, view) = (self.name, self.end(w).await);
        assert_eq!(view["status"], "committed", "{name}: {view}");
        assert_eq!(self.froms(), froms, "{name}: {view}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_never_deliver_are_given_up_after_every_try() {
    let (w, author) = world().await;
    let w = &w;
    let always = async |name, serve| begin(w, &author, name, |_| Vec::new(), serve).await;
    let refuses = always("refuses", Serve::Refuse(500, None)).await;
    let limits = always("limits", Serve::Refuse(429, Some(0))).await;
    let hangs = always("hangs", Serve::Hang).await;
    let drips = always("drips", Serve::Drip).await;
    let cuts = always("cuts", Serve::Cut(0)).await;
    let garbage = always("garbage", Serve::Garbage).await;
    let half = |length: usize| vec![Serve::Cut(length / 2)];
    let skips = begin(w, &author, "skips", half, Serve::Later(1)).await;
    let gone = always("gone", Serve::Refuse(410, None)).await;

    let (away, untrusted) = (Code::DownloadFailed, Code::BundleUntrusted);
    refuses.gave_up(w, away, "500", TRIES).await;
    limits.gave_up(w, away, "429", TRIES).await;
    hangs.gave_up(w, away, "slowly", TRIES).await;
    drips.gave_up(w, away, "slowly", TRIES).await;
    cuts.gave_up(w, away, "", TRIES).await;
    // Wrong bytes are asked for once more, no oftener.
    garbage.gave_up(w, untrusted, "SHA-256", 2).await;
    // What the first request brought counts as progress, the tries begin after it.
    skips.gave_up(w, away, "another range", 1 + TRIES).await;
    let half = skips.bytes / 2;
    assert_eq!(skips.froms(), [0, half, half, half]);
    // What dripped in is kept: each try goes on where the one before ended.
    let froms = drips.froms();
    assert!(froms.is_sorted_by(|a, b| a < b), "{froms:?}");
    let view = gone.end(w).await;
    assert_eq!(view["problem"]["code"], away.as_str(), "{view}");
    assert_eq!(gone.froms(), [0], "asking again does not bring it back");

    let installed = w.core(
        Method::GET,
        "/api/v1/admin/plugins/installed",
        &w.token("valley"),
    );
    assert_eq!(ok(installed).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_recover_are_continued_where_they_broke_off() {
    let (w, author) = world().await;
    let w = &w;
    let with = async |name, next: fn(usize) -> Vec<Serve>| {
        begin(w, &author, name, next, Serve::Whole).await
    };
    let plain = with("plain", |_| Vec::new()).await;
    let cut = with("cut", |n| vec![Serve::Cut(n / 2)]).await;
    let later = with("cut and refused", |n| {
        vec![Serve::Cut(n / 2), Serve::Refuse(500, None)]
    })
    .await;
    let bits = with("in bits", |n| {
        vec![Serve::Cut(n / 4), Serve::Cut(n / 4), Serve::Cut(n / 4)]
    })
    .await;
    let hung = with("hung once", |_| vec![Serve::Hang]).await;
    let deaf = with("deaf to ranges", |n| {
        vec![Serve::Cut(n / 2), Serve::FromStart]
    })
    .await;
    let garbage = with("damaged once", |n| vec![Serve::Cut(n / 2), Serve::Garbage]).await;
    let asks = with("asks to wait", |_| vec![Serve::Refuse(429, Some(2))]).await;

    let half = |case: &Case| case.bytes / 2;
    plain.mended(w, &[0]).await;
    cut.mended(w, &[0, half(&cut)]).await;
    later.mended(w, &[0, half(&later), half(&later)]).await;
    let quarter = bits.bytes / 4;
    bits.mended(w, &[0, quarter, 2 * quarter, 3 * quarter])
        .await;
    hung.mended(w, &[0, 0]).await;
    deaf.mended(w, &[0, half(&deaf)]).await;
    // The damage shows at the end only, so nothing of it is kept.
    garbage.mended(w, &[0, half(&garbage), 0]).await;
    asks.mended(w, &[0, 0]).await;
    let asked = asks.origin.asked();
    let pause = asked[1].at - asked[0].at;
    // Its own schedule would have come back after a twentieth of a second.
    assert!(pause >= Duration::from_secs(2), "came back after {pause:?}");
    assert!(plain.plugin.id.ends_with("plain"));
}
