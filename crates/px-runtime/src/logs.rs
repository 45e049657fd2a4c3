//! A bounded log per instance: the newest lines are kept, a flood costs nothing but its own tail.

use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::time::Instant;

/// Longest line kept, in bytes.
const LINE_BYTES: usize = 4096;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// The plugin's standard output.
    Stdout,
    /// The plugin's standard error.
    Stderr,
    /// The host, about the plugin.
    Host,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Milliseconds since the instance was launched.
    pub at_ms: u64,
    /// Where it came from.
    pub stream: LogStream,
    /// The text, without control characters.
    pub text: String,
}

#[derive(Debug)]
struct Ring {
    lines: VecDeque<LogLine>,
    /// Unfinished line of standard output and standard error.
    partial: [Vec<u8>; 2],
    bytes: usize,
    dropped: u64,
}

/// The log of one instance.
#[derive(Debug)]
pub(crate) struct Log {
    ring: Mutex<Ring>,
    limit: usize,
    start: Instant,
}

impl Log {
    pub(crate) fn new(limit: usize) -> Self {
        let ring = Ring {
            lines: VecDeque::new(),
            partial: [Vec::new(), Vec::new()],
            bytes: 0,
            dropped: 0,
        };
        Self {
            ring: Mutex::new(ring),
            limit,
            start: Instant::now(),
        }
    }

    fn at_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        // A panic while the lock was held leaves a log that is at worst short of a line.
        self.ring
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Adds bytes as they come from the plugin; lines may span several calls.
    pub(crate) fn write(&self, stream: LogStream, bytes: &[u8]) {
        let at_ms = self.at_ms();
        let mut ring = self.ring();
        let slot = usize::from(stream == LogStream::Stderr);
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            let mut line = std::mem::take(&mut ring.partial[slot]);
            let room = LINE_BYTES.saturating_sub(line.len());
            line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                ring.push(self.limit, at_ms, stream, &line);
                line.clear();
            }
            ring.partial[slot] = line;
        }
    }

    /// Adds a line of the host's own.
    pub(crate) fn note(&self, text: &str) {
        let at_ms = self.at_ms();
        self.ring()
            .push(self.limit, at_ms, LogStream::Host, text.as_bytes());
    }

    /// The newest lines, oldest first, unfinished ones included, and how many were dropped before.
    pub(crate) fn tail(&self) -> (Vec<LogLine>, u64) {
        let at_ms = self.at_ms();
        let ring = self.ring();
        let streams = [LogStream::Stdout, LogStream::Stderr];
        let partial = streams.iter().zip(&ring.partial);
        let open = partial
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(stream, bytes)| LogLine {
                at_ms,
                stream: *stream,
                text: clean(bytes),
            });
        (
            ring.lines.iter().cloned().chain(open).collect(),
            ring.dropped,
        )
    }

    /// The last line, for messages.
    pub(crate) fn last_line(&self) -> String {
        self.tail()
            .0
            .pop()
            .map(|line| line.text)
            .unwrap_or_default()
    }
}

impl Ring {
    fn push(&mut self, limit: usize, at_ms: u64, stream: LogStream, line: &[u8]) {
        let text = clean(line);
        self.bytes += text.len() + size_of::<LogLine>();
        self.lines.push_back(LogLine {
            at_ms,
            stream,
            text,
        });
        while self.bytes > limit {
            let Some(old) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= old.text.len() + size_of::<LogLine>();
            self.dropped += 1;
        }
    }
}

/// Text without control characters (terminal escapes among them).
fn clean(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .trim_end()
        .chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}
