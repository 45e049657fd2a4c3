//! A resumable upload (tus 1.0 with checksums) straight from the file, in chunks that fit the network.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::stream;
use px_api::client::{problem_from, safe_url};
use px_api::{Code, tus};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::Instant;
use url::Url;

use super::retry::pause;
use crate::config::Secret;
use crate::failure::{Failure, causes};
use crate::printer::Bar;
use crate::session::Session;

/// Tries in a row without any progress before giving up; about two and a half minutes.
const MAX_ATTEMPTS: u32 = 10;
const KIB: u64 = 1024;
const SMALLEST: u64 = 64 * KIB;
const FIRST: u64 = KIB * KIB;
const LARGEST: u64 = 8 * KIB * KIB;
/// Bytes handed to the connection at once.
const PIECE: usize = 32 * 1024;

/// What to upload and where.
pub struct Upload<'a> {
    /// Connections.
    pub http: &'a reqwest::Client,
    /// The upload resource.
    pub url: Url,
    /// Token, when the resource is on a host that may have it.
    pub token: Option<&'a Secret>,
    /// The file.
    pub file: &'a Path,
    /// Its bytes.
    pub size: u64,
    /// Most bytes per second, if limited.
    pub rate: Option<u64>,
}

/// Told about the way of an upload.
pub trait Watch {
    /// The server has this many bytes, and keeps them.
    fn kept(&mut self, offset: u64) -> Result<(), Failure>;
    /// A try failed and the next one starts after the pause.
    fn retry(&mut self, attempt: u32, reason: &str, pause: Duration);
}

/// Why one exchange failed.
enum Trouble {
    /// The next try may succeed, perhaps after a pause the server asked for.
    Passing(String, Option<Duration>),
    /// The server is at another offset.
    Elsewhere,
    /// No use.
    Final(Failure),
}

impl Upload<'_> {
    /// Sends what the server does not have yet.
    ///
    /// # Errors
    /// When the server refuses, the file cannot be read, or ten tries in a row brought no progress.
    pub async fn run(
        &self,
        session: &Session,
        bar: &Bar,
        watch: &mut dyn Watch,
    ) -> Result<(), Failure> {
        // A limited upload is sent in chunks of about a second, so that a break loses little.
        let largest = self
            .rate
            .map_or(LARGEST, |rate| rate.clamp(SMALLEST, LARGEST));
        let mut chunk = FIRST.min(largest);
        let mut known = None;
        let mut attempt = 0;
        loop {
            let step = match known {
                None => self.offset().await,
                Some(offset) if offset >= self.size => return Ok(()),
                Some(offset) => {
                    let started = Instant::now();
                    let sent = self.send(offset, chunk, bar).await;
                    chunk = next_chunk(chunk, sent.is_ok(), started.elapsed()).min(largest);
                    sent
                }
            };
            match step {
                Ok(offset) => {
                    if known.is_some_and(|before| offset > before) {
                        attempt = 0;
                    }
                    known = Some(offset);
                    bar.say("");
                    bar.at(offset);
                    watch.kept(offset)?;
                }
                Err(Trouble::Final(failure)) => return Err(failure),
                Err(trouble) => {
                    attempt += 1;
                    known = None;
                    let (reason, asked) = match trouble {
                        Trouble::Passing(reason, asked) => (reason, asked),
                        _ => ("the server is at another offset".to_owned(), None),
                    };
                    if attempt >= MAX_ATTEMPTS {
                        return Err(given_up(&reason));
                    }
                    let wait = pause(attempt, session.fraction(), asked);
                    bar.say(&format!("retry {attempt} in {:.1} s", wait.as_secs_f64()));
                    watch.retry(attempt, &reason, wait);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    fn request(&self, method: Method) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, self.url.clone())
            .header(tus::RESUMABLE, tus::VERSION);
        match self.token {
            Some(token) => request.bearer_auth(token.reveal()),
            None => request,
        }
    }

    /// Asks where to go on.
    async fn offset(&self) -> Result<u64, Trouble> {
        let answer = self.request(Method::HEAD).send().await.map_err(passing)?;
        match answer.status() {
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(Trouble::Final(Failure::new(
                Code::UploadExpired,
                format!("{} is gone", safe_url(&self.url)),
            ))),
            status if status.is_success() => self.offset_of(&answer),
            _ => Err(self.refused(answer).await),
        }
    }

    /// Sends one chunk and gives the new offset.
    async fn send(&self, offset: u64, chunk: u64, bar: &Bar) -> Result<u64, Trouble> {
        let bytes = self
            .read(offset, chunk.min(self.size - offset))
            .await
            .map_err(Trouble::Final)?;
        let length = bytes.len();
        let checksum = BASE64.encode(Sha256::digest(&bytes));
        let body = reqwest::Body::wrap_stream(pieces(bytes, self.rate, offset, bar.clone()));
        let answer = self
            .request(Method::PATCH)
            .header(CONTENT_TYPE, tus::OFFSET_STREAM)
            .header(CONTENT_LENGTH, length)
            .header(tus::OFFSET, offset)
            .header(tus::CHECKSUM, format!("sha256 {checksum}"))
            .body(body)
            .send()
            .await
            .map_err(passing)?;
        if !answer.status().is_success() {
            return Err(self.refused(answer).await);
        }
        let new = self.offset_of(&answer)?;
        if new > offset && new <= offset + length as u64 {
            return Ok(new);
        }
        Err(Trouble::Passing(
            format!("the server said offset {new} after {length} bytes at {offset}"),
            None,
        ))
    }

    fn offset_of(&self, answer: &Response) -> Result<u64, Trouble> {
        let offset = answer
            .headers()
            .get(tus::OFFSET)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        match offset {
            Some(offset) if offset <= self.size => Ok(offset),
            _ => Err(Trouble::Final(
                Failure::new(
                    Code::Unavailable,
                    format!("{} does not speak tus 1.0", safe_url(&self.url)),
                )
                .remedy("Check PX_ARTIFACT_STORE_ENDPOINT and any proxy in between."),
            )),
        }
    }

    async fn refused(&self, answer: Response) -> Trouble {
        let status = answer.status().as_u16();
        let asked = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.bytes().await.unwrap_or_default();
        let error = problem_from(&safe_url(&self.url), status, &body);
        let code = error.code().to_owned();
        if status == 460 || code == Code::ChecksumMismatch.as_str() {
            return Trouble::Passing("a chunk arrived damaged".to_owned(), None);
        }
        if code == Code::UploadOffset.as_str() {
            return Trouble::Elsewhere;
        }
        let transient = error.is_transient() || status == 423;
        let failure = Failure::from(error);
        if transient {
            Trouble::Passing(
                failure.problem.detail.clone(),
                asked.map(Duration::from_secs),
            )
        } else {
            Trouble::Final(failure)
        }
    }

    async fn read(&self, offset: u64, length: u64) -> Result<Bytes, Failure> {
        let attempt = async {
            let mut file = tokio::fs::File::open(self.file).await?;
            file.seek(std::io::SeekFrom::Start(offset)).await?;
            let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.read_exact(&mut buffer).await?;
            Ok(Bytes::from(buffer))
        };
        attempt
            .await
            .map_err(|error| Failure::file(self.file, &error))
    }
}

fn passing(error: reqwest::Error) -> Trouble {
    Trouble::Passing(causes(&error.without_url()), None)
}

fn given_up(reason: &str) -> Failure {
    Failure::new(
        Code::NetworkFailed,
        format!("the upload made no progress in {MAX_ATTEMPTS} tries: {reason}"),
    )
    .remedy("Check the network; `px-plugin doctor` tries each step.")
}

/// Quick chunks grow, slow and failed ones shrink: what is lost when the network breaks stays small.
fn next_chunk(size: u64, went_well: bool, took: Duration) -> u64 {
    if !went_well || took > Duration::from_secs(10) {
        (size / 2).max(SMALLEST)
    } else if took < Duration::from_secs(2) {
        (size * 2).min(LARGEST)
    } else {
        size
    }
}

/// A chunk in small pieces, at most `rate` bytes per second.
fn pieces(
    bytes: Bytes,
    rate: Option<u64>,
    offset: u64,
    bar: Bar,
) -> impl futures::Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let piece = rate.map_or(PIECE, |rate| {
        usize::try_from(rate / 8).unwrap_or(PIECE).clamp(1, PIECE)
    });
    let state = (bytes, 0_u64, Instant::now());
    stream::unfold(state, move |(mut rest, sent, started)| {
        let bar = bar.clone();
        async move {
            if rest.is_empty() {
                return None;
            }
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64(sent as f64 / rate.max(1) as f64);
                tokio::time::sleep_until(started + due).await;
            }
            let now = rest.split_to(piece.min(rest.len()));
            let sent = sent + now.len() as u64;
            bar.at(offset + sent);
            Some((Ok(now), (rest, sent, started)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_the_network_within_bounds() {
        let (quick, slow) = (Duration::from_millis(100), Duration::from_secs(20));
        assert_eq!(next_chunk(FIRST, true, quick), 2 * FIRST);
        assert_eq!(next_chunk(LARGEST, true, quick), LARGEST);
        assert_eq!(next_chunk(FIRST, true, slow), FIRST / 2);
        assert_eq!(next_chunk(FIRST, false, quick), FIRST / 2);
        assert_eq!(next_chunk(SMALLEST, false, slow), SMALLEST);
        assert_eq!(next_chunk(FIRST, true, Duration::from_secs(5)), FIRST);
    }
}
