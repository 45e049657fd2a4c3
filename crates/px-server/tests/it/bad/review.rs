//! Decisions that must not count.

use px_api::Code;
use px_model::{Role, Scope};
use px_web::identity::{Grant, Reach};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::bundles::{Author, Plugin};
use super::catalog::{registration, version_path};
use super::people;
use super::world::{World, go, ok};

fn decision(word: &str, more: &Value) -> Value {
    let mut made = json!({ "decision": word });
    for (name, value) in more.as_object().unwrap() {
        made[name] = value.clone();
    }
    made
}

fn claim(w: &World, id: &str, login: &str) -> RequestBuilder {
    let path = version_path(id, "review/claim");
    w.market(Method::POST, &path, &w.token(login))
}

async fn release(w: &World, id: &str, login: &str) {
    let path = version_path(id, "review/claim");
    ok(w.market(Method::DELETE, &path, &w.token(login))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_reviewer_with_a_live_claim_decides() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = author.bundle(&plugin);
    let id = w
        .submit(&token, &registration(&plugin, &bytes), &bytes)
        .await;
    assert_eq!(w.reviewed(&id).await["state"], "in_review");

    malformed(&w, &id).await;
    strangers(&w, &id, &author).await;
    claims(&w, &id).await;
    w.end().await;
}

async fn malformed(w: &World, id: &str) {
    let cases = [
        (
            "reject without reason",
            decision("reject", &json!({})),
            Code::ReasonRequired,
            "/notes",
        ),
        (
            "blank reason",
            decision("reject", &json!({ "notes": "  " })),
            Code::ReasonRequired,
            "/notes",
        ),
        (
            "changes without reason",
            decision("request_changes", &json!({})),
            Code::ReasonRequired,
            "/notes",
        ),
        (
            "unknown decision",
            decision("maybe", &json!({})),
            Code::InvalidField,
            "/decision",
        ),
        (
            "unknown field",
            decision("approve", &json!({ "force": true })),
            Code::InvalidField,
            "force",
        ),
        (
            "somebody else's approval",
            decision("approve", &json!({ "approvers": ["Second reviewer"] })),
            Code::InvalidField,
            "/approvers/0",
        ),
        (
            "claim that never was",
            decision("approve", &json!({ "claimToken": 77 })),
            Code::ClaimLost,
            "claim",
        ),
    ];
    for (case, body, code, names) in cases {
        w.refuses(case, w.decide(id, "reviewer", &body), code, names)
            .await;
    }
    let unknown = "ver_00000000000000000000000000000009";
    for id in [unknown, "7", "..%2f..%2faudit"] {
        let request = w.decide(id, "reviewer", &decision("approve", &json!({})));
        w.refuses("unknown version", request, Code::NotFound, "no such")
            .await;
    }
}

/// Those who publish, read or operate do not decide, nor does a reviewer about their own plugin.
async fn strangers(w: &World, id: &str, author: &Author) {
    let approve = decision("approve", &json!({}));
    w.refuses(
        "publisher",
        w.decide(id, "publisher", &approve),
        Code::Forbidden,
        "review",
    )
    .await;
    w.refuses(
        "operator",
        w.decide(id, "operator", &approve),
        Code::Forbidden,
        "reviewer",
    )
    .await;
    w.refuses(
        "publisher's claim",
        claim(w, id, "publisher"),
        Code::Forbidden,
        "review",
    )
    .await;
    let db = w.market_db().await;
    let reviewer = Grant {
        role: Role::Reviewer,
        reach: Reach::Everywhere,
    };
    let own = people::publishes_for(author.publisher.parse().unwrap());
    let scopes = [Scope::ReviewDecide, Scope::PluginRead];
    let both = people::person(&db, "both", &[reviewer, own], &scopes).await;
    let path = version_path(id, "review");
    let request = w.market(Method::PATCH, &path, &both.token).json(&approve);
    w.refuses("own plugin", request, Code::OwnPlugin, "your publisher")
        .await;
    let request = w.market(Method::POST, &version_path(id, "review/claim"), &both.token);
    w.refuses(
        "own plugin's claim",
        request,
        Code::OwnPlugin,
        "your publisher",
    )
    .await;
    let request = w.market(Method::PATCH, &path, "").json(&approve);
    w.refuses("nobody", request, Code::Unauthenticated, "token")
        .await;
}

async fn claims(w: &World, id: &str) {
    let first = ok(claim(w, id, "reviewer")).await["claimToken"].clone();
    let plain = decision("approve", &json!({}));
    let second = w.decide(id, "reviewer2", &plain);
    w.refuses(
        "somebody else holds it",
        second,
        Code::ClaimLost,
        "holds this review",
    )
    .await;
    w.refuses(
        "claimed twice",
        claim(w, id, "reviewer2"),
        Code::ClaimLost,
        "holds this review",
    )
    .await;
    release(w, id, "reviewer").await;
    ok(claim(w, id, "reviewer2")).await;
    release(w, id, "reviewer2").await;
    let stale = decision("approve", &json!({ "claimToken": first }));
    w.refuses(
        "stale claim",
        w.decide(id, "reviewer", &stale),
        Code::ClaimLost,
        "claim",
    )
    .await;
    ok(w.decide(id, "reviewer2", &plain)).await;
    let late = w.decide(id, "reviewer", &plain);
    w.refuses("decided already", late, Code::WrongState, "listed")
        .await;
    w.refuses(
        "claimed afterwards",
        claim(w, id, "reviewer"),
        Code::WrongState,
        "listed",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_and_high_risk_versions_take_more_than_one_yes() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let bad = Plugin::new("1.0.0").with("assets/key.txt", super::bundles::private_key().as_bytes());
    let bytes = author.bundle(&bad);
    let blocked = w.submit(&token, &registration(&bad, &bytes), &bytes).await;
    assert_eq!(w.reviewed(&blocked).await["state"], "blocked");
    let plain = decision("approve", &json!({}));
    let yes = w.decide(&blocked, "reviewer", &plain);
    w.refuses(
        "no reason to overrule",
        yes,
        Code::ReasonRequired,
        "/overruleReason",
    )
    .await;
    let blank = decision("approve", &json!({ "overruleReason": " " }));
    let yes = w.decide(&blocked, "reviewer", &blank);
    w.refuses("blank reason", yes, Code::ReasonRequired, "/overruleReason")
        .await;

    let mut risky = Plugin::new("1.1.0");
    risky.permissions.push("notes:manage".to_owned());
    let bytes = author.bundle(&risky);
    let id = w
        .submit(&token, &registration(&risky, &bytes), &bytes)
        .await;
    assert_eq!(w.reviewed(&id).await["risk"], "high");
    for _ in 0..2 {
        let view = ok(w.decide(&id, "reviewer", &plain)).await;
        assert_eq!(view["state"], "in_review", "one person is not two");
    }
    let named = decision("approve", &json!({ "approvers": ["Second reviewer"] }));
    let yes = w.decide(&id, "reviewer", &named);
    w.refuses(
        "a name is no approval",
        yes,
        Code::InvalidField,
        "/approvers/0",
    )
    .await;
    let path = format!("/api/marketplace/plugins/{}", risky.id);
    go(w.market(Method::GET, &path, ""))
        .await
        .refused("unlisted", Code::NotFound, "");
    w.end().await;
}
