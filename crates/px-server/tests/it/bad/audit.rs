//! Entries of the audit log that were changed or removed behind the program's back (A22).

use px_store::{Db, vals};
use px_testkit::{Engine, engines};
use reqwest::Method;
use serde_json::{Value, json};

use super::browser::{Browser, Side};
use super::bundles::Plugin;
use super::catalog::registration;
use super::world::{World, ok};

/// Where one server's chain is verified, and by whom.
struct Chain {
    side: Side,
    db: Db,
    login: &'static str,
    api: &'static str,
    page: &'static str,
}

impl Chain {
    async fn verdict(&self, w: &World) -> Value {
        let token = w.token(self.login);
        let request = match self.side {
            Side::Market => w.market(Method::GET, self.api, &token),
            Side::Core => w.core(Method::GET, self.api, &token),
        };
        ok(request).await
    }

    /// API and page name this entry.
    async fn names(&self, w: &World, seq: i64, reason: &str) {
        let verdict = self.verdict(w).await;
        assert_eq!(verdict["firstBad"], json!([seq, reason]), "{verdict}");
        let said = self.said(w).await;
        let named = format!("The chain is broken at entry {seq}");
        assert!(said.contains(&named), "no `{named}` in: {said}");
    }

    async fn whole(&self, w: &World) -> i64 {
        let verdict = self.verdict(w).await;
        assert_eq!(verdict["firstBad"], Value::Null, "{verdict}");
        verdict["entries"].as_i64().unwrap()
    }

    /// What the page says after the button was pressed.
    async fn said(&self, w: &World) -> String {
        let browser = Browser::sign_in(w, self.side, self.login).await;
        let said = browser.after_post(w, self.page, &[]).await;
        // Marks around inserted values, for texts of both writing directions.
        said.replace(['\u{2068}', '\u{2069}'], "")
    }

    async fn change(&self, sql: &'static str, seq: i64, text: &str) {
        let mut tx = self.db.begin().await.unwrap();
        assert_eq!(tx.exec(sql, vals![text, seq]).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn remove(&self, seq: i64) {
        let mut tx = self.db.begin().await.unwrap();
        let sql = "DELETE FROM audit WHERE seq = $1";
        assert_eq!(tx.exec(sql, vals![seq]).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn text(&self, column: &str, seq: i64) -> String {
        let sql = "SELECT * FROM audit WHERE seq = $1";
        let row = self.db.one("entry", sql, vals![seq]).await.unwrap();
        row.text(column).unwrap()
    }
}

async fn tampering(w: &World, chain: &Chain) {
    chain.whole(w).await;
    let (changed, removed) = (4, 2);
    for (column, sql, other) in [
        (
            "detail",
            "UPDATE audit SET detail = $1 WHERE seq = $2",
            r#"{"scopes":[]}"#,
        ),
        (
            "actor_name",
            "UPDATE audit SET actor_name = $1 WHERE seq = $2",
            "somebody else",
        ),
        (
            "subject",
            "UPDATE audit SET subject = $1 WHERE seq = $2",
            "another thing",
        ),
    ] {
        let before = chain.text(column, changed).await;
        chain.change(sql, changed, other).await;
        chain.names(w, changed, "its content was changed").await;
        chain.change(sql, changed, &before).await;
        chain.whole(w).await;
    }
    // An entry that was changed and given the hash that fits it does not fit what follows it.
    let forged = "0".repeat(64);
    let hash = "UPDATE audit SET hash = $1 WHERE seq = $2";
    let prev = "UPDATE audit SET prev = $1 WHERE seq = $2";
    let (own, after) = (
        chain.text("hash", changed).await,
        chain.text("prev", changed + 1).await,
    );
    chain.change(hash, changed, &forged).await;
    chain.names(w, changed, "its content was changed").await;
    chain.change(hash, changed, &own).await;
    chain.change(prev, changed + 1, &forged).await;
    chain
        .names(w, changed + 1, "does not follow the entry before it")
        .await;
    chain.change(prev, changed + 1, &after).await;

    // The last one: nothing after it tells, but the counter does. Signing in to press the button
    // writes an entry, so the page is asked further down.
    let last = chain.whole(w).await;
    chain.remove(last).await;
    let verdict = chain.verdict(w).await;
    let missing = "the entry is missing";
    assert_eq!(verdict["firstBad"], json!([last, missing]), "{verdict}");
    chain.remove(removed).await;
    chain.names(w, removed, missing).await;
}

async fn both_servers(engine: Engine) {
    let w = World::start_on(engine, &[]).await;
    let register = registration(&Plugin::new("1.0.0"), b"bytes");
    w.register(&w.token("publisher"), &register).await;
    let market = Chain {
        side: Side::Market,
        db: w.market_db().await,
        login: "operator",
        api: "/api/marketplace/audit/verify",
        page: "/ops/audit/check",
    };
    let core = Chain {
        side: Side::Core,
        db: w.core_db().await,
        login: "ops",
        api: "/api/v1/admin/audit/verify",
        page: "/audit/check",
    };
    for chain in [market, core] {
        tampering(&w, &chain).await;
    }
    w.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_or_removed_entry_is_named_on_sqlite() {
    both_servers(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_or_removed_entry_is_named_on_postgres() {
    if engines().contains(&Engine::Postgres) {
        both_servers(Engine::Postgres).await;
    }
}
