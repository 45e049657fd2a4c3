//! One attempt to deliver a webhook.

use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;
use px_model::NoticeId;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use standardwebhooks::Webhook;
use url::Url;

use crate::deliver::Outcome;
use crate::guard::{AddressRefused, check_url, guarded_client};
use crate::store::endpoints::Secrets;
use crate::text::shorten;
use crate::{NotifyConfig, NotifyError};

/// A receiver cannot put us off for longer than this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Sends signed messages and reads no more of the answers than needed.
pub(crate) struct Poster {
    client: reqwest::Client,
    allow_private: bool,
    max_response_bytes: usize,
}

impl Poster {
    pub(crate) fn new(config: &NotifyConfig) -> Result<Self, NotifyError> {
        let client = guarded_client(
            config.allow_private_addresses,
            config.connect_timeout,
            config.total_timeout,
        )
        .map_err(|e| NotifyError::Setting {
            name: "TLS",
            reason: root(&e),
        })?;
        Ok(Self {
            client,
            allow_private: config.allow_private_addresses,
            max_response_bytes: config.max_response_bytes,
        })
    }

    /// Posts `body` as message `id`, signed at `now`.
    pub(crate) async fn post(
        &self,
        id: NoticeId,
        url: &Url,
        secrets: &Secrets,
        body: String,
        now: Timestamp,
    ) -> Outcome {
        if !self.allow_private
            && let Err(refused) = check_url(url)
        {
            return hopeless(refused.to_string());
        }
        let signature = match signatures(id, secrets, &body, now) {
            Ok(signature) => signature,
            Err(reason) => return hopeless(reason),
        };
        let answer = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await;
        match answer {
            Ok(answer) => self.judge(answer).await,
            Err(e) => match address_refused(&e) {
                Some(refused) => hopeless(refused.to_string()),
                None => failed(None, describe(&e)),
            },
        }
    }

    /// The status decides; of the body only a bounded piece is read, for the connection's reuse
    /// and for the log.
    async fn judge(&self, mut answer: Response) -> Outcome {
        let status = answer.status();
        let retry_after = retry_after(&answer);
        let mut text = Vec::new();
        while text.len() < self.max_response_bytes {
            match answer.chunk().await {
                Ok(Some(piece)) => {
                    let room = self.max_response_bytes - text.len();
                    text.extend_from_slice(&piece[..piece.len().min(room)]);
                }
                // The status has arrived; how the body ends changes nothing.
                Ok(None) | Err(_) => break,
            }
        }
        let code = Some(status.as_u16());
        if status.is_success() {
            return Outcome::Arrived { status: code };
        }
        if status == StatusCode::GONE {
            return Outcome::Gone;
        }
        if status.is_redirection() {
            return failed(
                code,
                format!("answered {status}; redirects are not followed"),
            );
        }
        let said = shorten(&String::from_utf8_lossy(&text), 300);
        Outcome::Failed {
            status: code,
            reason: format!("answered {status} {said}").trim_end().to_owned(),
            retry_after,
        }
    }
}

/// One signature per secret that is in use, as Standard Webhooks has it.
fn signatures(
    id: NoticeId,
    secrets: &Secrets,
    body: &str,
    now: Timestamp,
) -> Result<String, String> {
    let old = secrets
        .old
        .as_ref()
        .filter(|(_, until)| *until > now)
        .map(|(secret, _)| secret);
    let all: Vec<_> = secrets.current.iter().chain(old).collect();
    if all.is_empty() {
        return Err("the endpoint has no signing secret".to_owned());
    }
    let signed: Result<Vec<_>, _> = all
        .into_iter()
        .map(|secret| Webhook::new(secret)?.sign(&id.to_string(), now.as_second(), body.as_bytes()))
        .collect();
    signed.map(|s| s.join(" ")).map_err(|e| e.to_string())
}

/// Only the form in seconds: a date would need a clock both sides agree on.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(wait.min(LONGEST_RETRY_AFTER))
}

const fn hopeless(reason: String) -> Outcome {
    Outcome::Hopeless {
        status: None,
        reason,
    }
}

const fn failed(status: Option<u16>, reason: String) -> Outcome {
    Outcome::Failed {
        status,
        reason,
        retry_after: None,
    }
}

fn address_refused(e: &reqwest::Error) -> Option<&AddressRefused> {
    let mut cause = std::error::Error::source(e);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref() {
            return Some(refused);
        }
        cause = inner.source();
    }
    None
}

fn describe(e: &reqwest::Error) -> String {
    let what = if e.is_timeout() {
        "no answer in time: "
    } else if e.is_connect() {
        "cannot connect: "
    } else {
        ""
    };
    shorten(&format!("{what}{}", root(e)), 500)
}

/// The last cause of an error, in words; the URL is left out, it may hold a token.
fn root(e: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(e);
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner);
        cause = inner.source();
    }
    let Some(last) = last else {
        return "the request failed".to_owned();
    };
    let kind = last
        .downcast_ref::<std::io::Error>()
        .map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::ConnectionRefused) => {
            "connection refused, nothing listens there".to_owned()
        }
        Some(ErrorKind::ConnectionReset) => "the receiver cut the connection".to_owned(),
        _ => last.to_string(),
    }
}
