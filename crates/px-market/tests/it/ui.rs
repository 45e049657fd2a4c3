//! Pages: who may open them, what they never do.

use std::path::Path;

use http::StatusCode;
use px_market::app::authority::PublisherAuth;
use px_market::app::scan::Conclusion;
use px_market::jobs::Pipeline;
use px_market::ui;
use px_model::{Decision, Role, VersionId, VersionState};
use px_web::i18n::{Lang, Words, audit};
use px_web::identity::{Grant, Reach};

use crate::ui_site::{Browser, Pages, everywhere};
use crate::world::{World, decision, facts, request};

const NOTES: &str = "com.example.notes";

/// A site with one listed version, one in review, and somebody of each kind.
struct Town {
    pages: Pages,
    ada: PublisherAuth,
    listed: VersionId,
    waiting: VersionId,
}

async fn town() -> Town {
    let w = World::new(None, |_| {}).await;
    let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
    let listed = w
        .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
        .await;
    w.market
        .decide(&eve, listed, &decision(Decision::Approve))
        .await
        .unwrap();
    let waiting = w
        .in_review(&ada, &request("2", NOTES, "1.1.0", b"two"), b"two", "clean")
        .await;
    let pages = Pages::new(w);
    let publishes = Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(ada.publisher),
    };
    pages.account("ann", &[publishes]).await;
    pages.account("rita", &[everywhere(Role::Reviewer)]).await;
    pages
        .account("olga", &[everywhere(Role::MarketOperator)])
        .await;
    Town {
        pages,
        ada,
        listed,
        waiting,
    }
}

impl Town {
    async fn review(&self, version: VersionId) -> String {
        let row = px_market::store::versions::get(self.pages.w.market.db(), version)
            .await
            .unwrap();
        row.review.to_string()
    }
}

#[tokio::test]
async fn every_page_opens_for_its_role_and_for_nobody_else() {
    let town = town().await;
    let version = town.waiting;
    let review = town.review(version).await;
    let of = |login: &'static str, paths: Vec<String>| (login, paths);
    let doors = [
        of(
            "ann",
            vec![
                "/my".into(),
                "/my/keys".into(),
                format!("/my/versions/{version}"),
                format!("/my/versions/{version}/part"),
                "/my?format=csv".into(),
            ],
        ),
        of(
            "rita",
            vec![
                "/review".into(),
                "/review/part".into(),
                format!("/review/{review}"),
            ],
        ),
        of(
            "olga",
            vec![
                "/ops".into(),
                "/ops/audit".into(),
                "/ops/audit?format=json".into(),
            ],
        ),
    ];
    for (owner, paths) in &doors {
        for login in ["ann", "rita", "olga"] {
            let mut browser = Browser::default();
            browser.sign_in(&town.pages, login).await;
            for path in paths {
                let answer = browser.get(&town.pages, path).await;
                let expected = if login == *owner {
                    StatusCode::OK
                } else {
                    StatusCode::FORBIDDEN
                };
                assert_eq!(answer.status, expected, "{login} {path}");
            }
        }
        let mut nobody = Browser::default();
        for path in paths {
            let answer = nobody.get(&town.pages, path).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            let next = path
                .replace('/', "%2F")
                .replace('?', "%3F")
                .replace('=', "%3D");
            assert_eq!(answer.header("location"), format!("/sign-in?next={next}"));
        }
    }
    let mut nobody = Browser::default();
    for path in ["/".to_owned(), format!("/plugins/{NOTES}")] {
        assert_eq!(
            nobody.get(&town.pages, &path).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
}

#[tokio::test]
async fn foreign_and_unknown_things_are_not_found() {
    let town = town().await;
    let bob = town.pages.w.publisher("bob").await;
    let publishes = Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(bob.publisher),
    };
    town.pages.account("bob", &[publishes]).await;
    let review = town.review(town.waiting).await;
    let mut browser = Browser::default();
    browser.sign_in(&town.pages, "bob").await;
    for path in [
        format!("/my/versions/{}", town.waiting),
        format!("/my/versions/{}/live", town.waiting),
        format!("/my/reviews/{review}"),
        "/my/versions/nonsense".to_owned(),
        "/plugins/com.example.nothing".to_owned(),
        "/plugins/..".to_owned(),
    ] {
        let answer = browser.get(&town.pages, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn what_authors_write_never_becomes_markup() {
    const EVIL: &str = "</a><script>alert(1)</script><img src=x onerror=alert(1)>\"'";
    let town = town().await;
    let w = &town.pages.w;
    let mut asked = request("3", "com.example.evil", "1.0.0", b"evil");
    asked.notes = Some(format!(
        "{EVIL}\n\n[x](javascript:alert(1)) ![p](https://t.example/p.png)"
    ));
    let version = w.submitted(&town.ada, &asked, b"evil").await.version_id;
    let row = w
        .market
        .begin_scan(&Pipeline {
            version_id: version,
            round: 1,
        })
        .await
        .unwrap()
        .unwrap();
    let mut said = facts(&asked);
    said.name = EVIL.to_owned();
    said.summary = EVIL.to_owned();
    said.category = Some(EVIL.to_owned());
    said.corex_version = Some(EVIL.to_owned());
    said.readme = asked.notes.clone();
    let report = serde_json::json!({ "schema": 1 });
    let conclusion = Conclusion {
        verdict: "clean",
        report,
        findings: 0,
        facts: Some(said),
        reason: EVIL.to_owned(),
    };
    let mut tx = w.market.db().begin().await.unwrap();
    w.market
        .conclude_scan(&mut tx, &row, &conclusion)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let review = town.review(version).await;
    let mine = format!("/my/versions/{version}");
    harmless(&town, "ann", &["/my", "/inbox", &mine]).await;
    harmless(
        &town,
        "rita",
        &["/review", "/inbox", &format!("/review/{review}")],
    )
    .await;
    let mut eve_says = decision(Decision::Approve);
    eve_says.notes = Some(EVIL.to_owned());
    w.market
        .decide(&w.reviewer("eve"), version, &eve_says)
        .await
        .unwrap();
    harmless(&town, "rita", &["/", "/plugins/com.example.evil"]).await;
    harmless(&town, "ann", &["/my", &mine]).await;
    harmless(
        &town,
        "olga",
        &["/ops", "/ops/audit", "/ops/audit?q=%3Cscript%3Ealert(1)"],
    )
    .await;
}

async fn harmless(town: &Town, login: &str, paths: &[&str]) {
    let mut browser = Browser::default();
    browser.sign_in(&town.pages, login).await;
    for path in paths {
        let answer = browser.get(&town.pages, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        for evil in ["<script>", "<img", "javascript:", "onerror=alert(1)>\""] {
            assert!(!answer.body.contains(evil), "{evil} on {path}");
        }
    }
}

#[tokio::test]
async fn explore_keeps_its_search_in_the_address() {
    let town = town().await;
    let mut browser = Browser::default();
    let found = browser
        .get(
            &town.pages,
            "/?q=takes+notes&category=productivity&channel=stable",
        )
        .await;
    assert!(found.body.contains("/plugins/com.example.notes"));
    assert!(found.body.contains(r#"value="takes notes""#));
    let none = browser.get(&town.pages, "/?channel=beta").await;
    assert!(!none.body.contains("/plugins/com.example.notes"));
    assert_eq!(
        browser.get(&town.pages, "/?cursor=nonsense").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn lists_are_given_out_as_files() {
    let town = town().await;
    let mut browser = Browser::default();
    browser.sign_in(&town.pages, "ann").await;
    let csv = browser
        .get(&town.pages, "/my?format=csv&state=listed")
        .await;
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"versions.csv\""
    );
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with(&format!(
        "{},{NOTES},Notes,1.0.0,stable,listed",
        town.listed
    )));
    let json = browser.get(&town.pages, "/my?format=json").await;
    let rows: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
}

#[test]
fn both_languages_have_every_word_that_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = ui::words(Words::shared().unwrap()).unwrap();
    let faults = audit(&words, &[&root.join("src/ui"), &root.join("templates/ui")]).unwrap();
    assert_eq!(faults, Vec::<String>::new());
    let keys = words.keys(Lang::ZhCn);
    let states = VersionState::ALL.iter().flat_map(|state| {
        let state = state.as_str().replace('_', "-");
        [format!("mkt-next-{state}"), format!("mkt-short-{state}")]
    });
    let lists = [
        (
            "mkt-bucket",
            "security compatibility manifest dependencies documentation",
        ),
        ("mkt-sev", "block error hold warning info"),
        ("mkt-via", "webhook mail inbox"),
        ("mkt-severity", "info warning critical page"),
        (
            "mkt-noun",
            "version review key publisher endpoint alert account session",
        ),
        ("mkt-kind", "wasm process static remote"),
    ];
    let listed = lists
        .iter()
        .flat_map(|(start, ends)| ends.split(' ').map(move |end| format!("{start}-{end}")));
    for key in states.chain(listed) {
        assert!(keys.contains(&key), "{key}");
    }
}

#[tokio::test]
async fn pages_speak_the_readers_language() {
    let town = town().await;
    let mut browser = Browser::default();
    browser
        .cookies
        .insert("px_lang".to_owned(), "zh-CN".to_owned());
    browser.sign_in(&town.pages, "ann").await;
    let page = browser
        .get(&town.pages, &format!("/my/versions/{}", town.waiting))
        .await;
    assert!(page.body.contains(r#"lang="zh-CN""#));
    assert!(page.body.contains("审核员正在处理，有结论会立即通知您。"));
}
