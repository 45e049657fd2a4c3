//! A mail server that keeps what it is given and can be told to refuse.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::eventually;

/// Longest line and longest mail taken, in bytes.
const MAX_LINE: u64 = 16 << 10;
const MAX_MAIL: usize = 4 << 20;

/// A mail as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope receivers.
    pub to: Vec<String>,
    /// Headers and body, lines ending in CRLF, dots no longer doubled.
    pub raw: String,
}

impl Mail {
    /// First header of that name, continuation lines joined, still encoded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }
}

/// Where in the conversation the server refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Instead of the greeting.
    Greeting,
    /// At `RCPT TO`.
    Recipient,
    /// After the mail was sent.
    Content,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub at: Stage,
    /// The answer, such as `451 4.3.0 try again later`; empty to say nothing ever again.
    pub answer: String,
}

impl Refusal {
    /// A refusal at a stage with an answer.
    pub fn new(at: Stage, answer: impl Into<String>) -> Self {
        Self {
            at,
            answer: answer.into(),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    refusals: VecDeque<Refusal>,
}

type Shared = Arc<Mutex<State>>;

/// A listening mail server; dropping it closes the port.
#[derive(Debug)]
pub struct SmtpSink {
    address: SocketAddr,
    state: Shared,
    server: JoinHandle<()>,
}

impl SmtpSink {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Shared::default();
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self {
            address,
            state,
            server,
        })
    }

    /// Address for settings: `smtp://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Refusals for the next conversations, one each, in order.
    pub fn refuse_next(&self, refusals: impl IntoIterator<Item = Refusal>) {
        lock(&self.state).refusals.extend(refusals);
    }

    /// Mails taken so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.state).mails.clone()
    }

    /// Waits until at least `count` mails were taken.
    ///
    /// # Panics
    /// When they do not come in 20 s.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        eventually("mails", || async {
            Some(self.mails()).filter(|mails| mails.len() >= count)
        })
        .await
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(state: &Shared) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One client; what goes wrong with it is its own business.
async fn converse(stream: TcpStream, state: Shared) {
    let _ = Talk::new(stream, state).run().await;
}

struct Talk {
    stream: BufReader<TcpStream>,
    state: Shared,
    refusal: Option<Refusal>,
    mail: Mail,
}

impl Talk {
    fn new(stream: TcpStream, state: Shared) -> Self {
        let refusal = lock(&state).refusals.pop_front();
        Self {
            stream: BufReader::new(stream),
            state,
            refusal,
            mail: empty(),
        }
    }

    async fn run(mut self) -> io::Result<()> {
        if !self.answer(Stage::Greeting, "220 sink ready").await? {
            return Ok(());
        }
        loop {
            let line = self.line().await?;
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.say("250-sink\r\n250 8BITMIME").await?,
                "HELO" | "NOOP" => self.say("250 sink").await?,
                "MAIL" => {
                    self.mail.from = address(&line);
                    self.say("250 2.1.0 sender ok").await?;
                }
                "RCPT" => {
                    if self
                        .answer(Stage::Recipient, "250 2.1.5 recipient ok")
                        .await?
                    {
                        self.mail.to.push(address(&line));
                    }
                }
                "DATA" => {
                    self.say("354 go ahead").await?;
                    self.mail.raw = self.content().await?;
                    let mail = std::mem::replace(&mut self.mail, empty());
                    if self.refuses(Stage::Content) {
                        self.answer(Stage::Content, "").await?;
                    } else {
                        // Kept before it is acknowledged: who sees the answer finds the mail.
                        lock(&self.state).mails.push(mail);
                        self.say("250 2.0.0 kept").await?;
                    }
                }
                "RSET" => {
                    self.mail = empty();
                    self.say("250 2.0.0 forgotten").await?;
                }
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("502 5.5.1 not known here").await?,
            }
        }
    }

    fn refuses(&self, stage: Stage) -> bool {
        self.refusal.as_ref().is_some_and(|r| r.at == stage)
    }

    /// Says `usual` unless it is to refuse here; answers whether it did not.
    async fn answer(&mut self, stage: Stage, usual: &str) -> io::Result<bool> {
        if !self.refuses(stage) {
            self.say(usual).await?;
            return Ok(true);
        }
        let answer = self.refusal.take().map(|r| r.answer).unwrap_or_default();
        if answer.is_empty() {
            std::future::pending::<()>().await;
        }
        self.say(&answer).await?;
        Ok(false)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream
            .write_all(format!("{text}\r\n").as_bytes())
            .await
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let read = (&mut self.stream)
            .take(MAX_LINE)
            .read_line(&mut line)
            .await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    async fn content(&mut self) -> io::Result<String> {
        let mut content = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                return Ok(content);
            }
            if content.len() + line.len() > MAX_MAIL {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
            content.push_str("\r\n");
        }
    }
}

const fn empty() -> Mail {
    Mail {
        from: String::new(),
        to: Vec::new(),
        raw: String::new(),
    }
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    let inner = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}
