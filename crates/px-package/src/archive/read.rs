//! An entry's bytes, unpacked while they stream and checked against everything that was declared.

use super::entry::{Entry, Method};
use super::fault::ArchiveFault;
use super::limits::Limits;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use std::io::{self, Read};

const REPACK: &str = "pack the plugin again with px-plugin pack";
const CHUNK: usize = 32 * 1024;

/// Streams one entry. Faults come as [`io::Error`]s holding an [`ArchiveFault`].
pub struct EntryReader<'a, R> {
    source: &'a mut R,
    entry: Entry,
    limits: Limits,
    /// Compressed bytes not read from the source yet.
    remaining: u64,
    input: Vec<u8>,
    /// Part of `input` not given to the decompressor yet.
    pending: std::ops::Range<usize>,
    inflate: Option<Box<InflateState>>,
    crc: crc32fast::Hasher,
    produced: u64,
    done: bool,
}

impl<'a, R: Read> EntryReader<'a, R> {
    /// `source` stands at the first byte of the entry's data.
    pub(super) fn new(source: &'a mut R, entry: Entry, limits: Limits) -> Self {
        let inflate =
            (entry.method == Method::Deflate).then(|| InflateState::new_boxed(DataFormat::Raw));
        Self {
            source,
            remaining: entry.compressed,
            entry,
            limits,
            input: Vec::new(),
            pending: 0..0,
            inflate,
            crc: crc32fast::Hasher::new(),
            produced: 0,
            done: false,
        }
    }

    fn fault(&self, rule: &'static str, message: impl Into<String>) -> io::Error {
        io::Error::other(ArchiveFault::of(rule, &self.entry.path, message, REPACK))
    }

    fn cut_off(&self) -> io::Error {
        self.fault("ARC-04", "the content is cut off")
    }

    fn stored(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer
            .len()
            .min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let n = self.source.read(&mut buffer[..want])?;
        if n == 0 && want > 0 {
            return Err(self.cut_off());
        }
        self.remaining -= n as u64;
        Ok(n)
    }

    fn inflated(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut state) = self.inflate.take() else {
            return Ok(0);
        };
        loop {
            if self.pending.is_empty() && self.remaining > 0 {
                self.refill()?;
            }
            let result = inflate(
                &mut state,
                &self.input[self.pending.clone()],
                buffer,
                MZFlush::None,
            );
            self.pending.start += result.bytes_consumed;
            let exhausted = self.pending.is_empty() && self.remaining == 0;
            match result.status {
                // The state stays taken: the stream is over.
                Ok(MZStatus::StreamEnd) if exhausted => return Ok(result.bytes_written),
                Ok(MZStatus::StreamEnd) => {
                    return Err(self.fault("ARC-04", "bytes follow the compressed content"));
                }
                Ok(_) | Err(MZError::Buf) if result.bytes_written > 0 => {
                    self.inflate = Some(state);
                    return Ok(result.bytes_written);
                }
                Ok(_) | Err(MZError::Buf) if exhausted => return Err(self.cut_off()),
                Ok(_) | Err(MZError::Buf)
                    if result.bytes_consumed > 0 || self.pending.is_empty() => {}
                _ => return Err(self.fault("ARC-04", "the compressed content is damaged")),
            }
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.input.resize(CHUNK, 0);
        let want = CHUNK.min(usize::try_from(self.remaining).unwrap_or(CHUNK));
        let n = self.source.read(&mut self.input[..want])?;
        if n == 0 {
            return Err(self.cut_off());
        }
        self.remaining -= n as u64;
        self.pending = 0..n;
        Ok(())
    }

    fn account(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.produced += bytes.len() as u64;
        if self.produced > self.entry.size {
            return Err(self.fault(
                "ARC-03",
                format!(
                    "the content is longer than the {} bytes declared",
                    self.entry.size
                ),
            ));
        }
        if self
            .limits
            .ratio_exceeded(self.produced, self.entry.compressed)
        {
            return Err(self.fault(
                "ARC-03",
                format!(
                    "the content grows more than {} times",
                    self.limits.max_ratio
                ),
            ));
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<usize> {
        self.done = true;
        if self.produced != self.entry.size {
            let message = format!(
                "the content has {} bytes, {} were declared",
                self.produced, self.entry.size
            );
            return Err(self.fault("ARC-04", message));
        }
        if self.crc.clone().finalize() != self.entry.crc32 {
            return Err(self.fault("ARC-04", "the content does not match its checksum"));
        }
        Ok(0)
    }
}

impl<R: Read> Read for EntryReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        let n = match self.entry.method {
            Method::Stored => self.stored(buffer)?,
            Method::Deflate => self.inflated(buffer)?,
        };
        if n == 0 {
            return self.finish();
        }
        self.account(&buffer[..n])?;
        Ok(n)
    }
}
