//! Clients that do not give up: they ask again after cut connections and answers of trouble.

use std::sync::Arc;
use std::time::Duration;

use px_api::tus;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use url::Url;

/// Which server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Market,
    Core,
}

/// Sends requests to wherever the servers are at the moment.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    urls: watch::Receiver<(Url, Url)>,
    moved: Arc<watch::Sender<(Url, Url)>>,
}

/// A request of a client.
pub struct Ask<'a> {
    pub side: Side,
    pub method: Method,
    pub path: &'a str,
    pub token: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl<'a> Ask<'a> {
    pub fn new(side: Side, method: Method, path: &'a str, token: &'a str) -> Self {
        Self {
            side,
            method,
            path,
            token,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.headers
            .push(("content-type", "application/json".to_owned()));
        self.body = body.to_string().into_bytes();
        self
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// A tus request that appends.
    pub fn chunk(self, offset: u64, bytes: &[u8]) -> Self {
        let mut ask = self
            .header(tus::RESUMABLE, tus::VERSION)
            .header("content-type", tus::OFFSET_STREAM)
            .header(tus::OFFSET, offset);
        ask.body = bytes.to_vec();
        ask
    }
}

/// An answer that came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub const fn is_ok(&self) -> bool {
        self.status < 300
    }
}

impl Client {
    pub fn new(urls: (Url, Url)) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(90))
            .build()
            .unwrap();
        let (moved, urls) = watch::channel(urls);
        Self {
            http,
            urls,
            moved: Arc::new(moved),
        }
    }

    /// From now on other servers are asked; requests on their way are given up.
    pub fn move_to(&self, urls: (Url, Url)) {
        self.moved.send_replace(urls);
    }

    /// One try; `None` when no answer came.
    pub async fn once(&self, ask: &Ask<'_>) -> Option<Reply> {
        let mut urls = self.urls.clone();
        let (market, core) = urls.borrow_and_update().clone();
        let base = match ask.side {
            Side::Market => market,
            Side::Core => core,
        };
        let url = base.join(ask.path).unwrap();
        let mut request = self.http.request(ask.method.clone(), url);
        if !ask.token.is_empty() {
            request = request.bearer_auth(ask.token);
        }
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let sent = async {
            let answer = request.body(ask.body.clone()).send().await.ok()?;
            let status = answer.status().as_u16();
            let text = answer.text().await.ok()?;
            Some(Reply { status, text })
        };
        tokio::select! {
            reply = sent => reply,
            _ = urls.changed() => None,
        }
    }

    /// Asks until there is an answer that is not trouble.
    pub async fn settled(&self, ask: &Ask<'_>) -> Reply {
        let mut last = String::new();
        for _ in 0..400 {
            if let Some(reply) = self.once(ask).await {
                if reply.status < 500 && reply.status != 429 {
                    return reply;
                }
                last = reply.text;
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        panic!("{} is never answered: {last}", ask.path);
    }

    /// Asks until it is answered well.
    pub async fn good(&self, ask: &Ask<'_>) -> Value {
        let reply = self.settled(ask).await;
        assert!(
            reply.is_ok(),
            "{}: {} {}",
            ask.path,
            reply.status,
            reply.text
        );
        reply.json()
    }
}
