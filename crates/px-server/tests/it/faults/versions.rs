//! An author, a reviewer and an operator who bring a version to its listing, whatever happens.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::bundles::Bundle;
use super::client::{Ask, Client, Side};
use super::rows::VersionWay;

/// Tokens of those who take part.
#[derive(Clone)]
pub struct People {
    pub publisher: String,
    pub reviewer: String,
    pub operator: String,
}

/// One version's way.
pub struct Story {
    pub client: Client,
    pub people: People,
    pub bundle: Bundle,
    pub way: VersionWay,
    /// Approvals wait until this says yes.
    pub approve: watch::Receiver<bool>,
}

struct At {
    id: String,
    upload: String,
    round: u32,
    detour: bool,
}

impl Story {
    /// Goes on until the version is listed; its id.
    pub async fn run(self) -> String {
        let mut at = self.register(1).await;
        for _ in 0..2000 {
            let view = self.view(&at.id).await;
            if self.step(&mut at, &view).await {
                return at.id;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        let view = self.view(&at.id).await;
        panic!("{} is never listed: {view}", self.bundle.subject());
    }

    async fn register(&self, round: u32) -> At {
        let path = "/api/marketplace/plugins/publish";
        let wanted = self.bundle.registration(round);
        let ask = Ask::new(Side::Market, Method::POST, path, &self.people.publisher);
        let made = self.client.good(&ask.json(&wanted)).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        At {
            id: text("versionId"),
            upload: text("uploadUrl"),
            round,
            detour: self.way == VersionWay::Straight || round > 1,
        }
    }

    async fn view(&self, id: &str) -> Value {
        let path = path(id, "review");
        let ask = Ask::new(Side::Market, Method::GET, &path, &self.people.publisher);
        self.client.good(&ask).await
    }

    /// Does what the state asks of people; answers whether the version is where it should be.
    async fn step(&self, at: &mut At, view: &Value) -> bool {
        match view["state"].as_str().unwrap() {
            "draft" | "uploading" => self.send(at, view).await,
            "in_review" if at.detour || self.way == VersionWay::Quarantine => {
                let mut approve = self.approve.clone();
                let _ = approve.wait_for(|yes| *yes).await;
                self.decide(&at.id, "approve").await;
            }
            "in_review" => match self.way {
                VersionWay::Changes => self.decide(&at.id, "request_changes").await,
                VersionWay::Reject => self.decide(&at.id, "reject").await,
                _ => self.status(at, &self.people.publisher, "withdrawn").await,
            },
            "changes_requested" | "rejected" | "withdrawn" | "blocked" => {
                *at = self.register(at.round + 1).await;
            }
            "quarantined" => {
                at.detour = true;
                self.status(at, &self.people.operator, "listed").await;
            }
            "listed" if at.detour => return true,
            "listed" => self.status(at, &self.people.operator, "quarantined").await,
            _ => {}
        }
        false
    }

    /// The first half of the bytes, then the rest, then the request for a review.
    async fn send(&self, at: &At, view: &Value) {
        let size = self.bundle.bytes.len() as u64;
        let have = view["receivedBytes"].as_u64().unwrap();
        if have >= size {
            let path = path(&at.id, "submit-review");
            self.ask(Ask::new(
                Side::Market,
                Method::POST,
                &path,
                &self.people.publisher,
            ))
            .await;
            return;
        }
        let end = if have < size / 2 { size / 2 } else { size };
        let mut part = self.bundle.bytes
            [usize::try_from(have).unwrap()..usize::try_from(end).unwrap()]
            .to_vec();
        if self.way == VersionWay::WrongBytes && at.round == 1 {
            part.fill(b'?');
        }
        let ask = Ask::new(
            Side::Market,
            Method::PATCH,
            &at.upload,
            &self.people.publisher,
        );
        self.ask(ask.chunk(have, &part)).await;
    }

    async fn decide(&self, id: &str, decision: &str) {
        let path = path(id, "review");
        let body = json!({ "decision": decision, "notes": "Looked at." });
        let ask = Ask::new(Side::Market, Method::PATCH, &path, &self.people.reviewer);
        self.ask(ask.json(&body)).await;
    }

    async fn status(&self, at: &At, token: &str, status: &str) {
        let path = path(&at.id, "status");
        let body = json!({ "status": status, "reason": "It is looked at again." });
        let ask = Ask::new(Side::Market, Method::PATCH, &path, token);
        self.ask(ask.json(&body)).await;
    }

    /// One try; what came of it is seen in the version's state.
    async fn ask(&self, ask: Ask<'_>) {
        if let Some(reply) = self.client.once(&ask).await
            && !reply.is_ok()
        {
            let said = reply.json();
            let known = said["code"].as_str().is_some_and(|c| c.starts_with("PX-"));
            assert!(known && reply.status != 500, "{}: {}", ask.path, reply.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn path(id: &str, rest: &str) -> String {
    format!("/api/marketplace/plugins/{id}/{rest}")
}
