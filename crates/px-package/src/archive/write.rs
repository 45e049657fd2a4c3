//! Writing a ZIP in the one form a bundle has.

use super::record::{Central, Common, DEFLATE, End, FIRST_DAY, FLAG_UTF8, Local, STORED};
use crate::HashingReader;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use px_model::Digest;
use std::io::{self, Read, Seek, SeekFrom, Write};

const CHUNK: usize = 64 * 1024;
/// zlib's default effort, without a zlib header.
const LEVEL: i32 = 6;
const RAW: i32 = -15;

/// What was written for one file.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    pub digest: Digest,
    pub size: u64,
}

/// Writes entries one after the other; sizes are filled in once they are known.
pub struct Writer<W> {
    out: W,
    position: u64,
    central: Vec<u8>,
    entries: u16,
}

/// A file's content, compressed, before its place in the archive is known.
pub struct Prepared {
    packed: Vec<u8>,
    crc: u32,
    pub size: u64,
    digest: Digest,
}

/// Compresses a file into memory, to the same bytes as [`Writer::add`] writes.
pub fn prepare(content: impl Read) -> io::Result<Prepared> {
    let mut content = CrcReader {
        inner: HashingReader::new(content),
        crc: crc32fast::Hasher::new(),
    };
    let mut packed = Vec::new();
    deflate(&mut content, &mut packed)?;
    let crc = content.crc.finalize();
    let (digest, size) = content.inner.finish();
    Ok(Prepared {
        packed,
        crc,
        size,
        digest,
    })
}

impl<W: Write + Seek> Writer<W> {
    /// Begins at the start of `out`.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.seek(SeekFrom::Start(0))?;
        Ok(Self {
            out,
            position: 0,
            central: Vec::new(),
            entries: 0,
        })
    }

    /// Streams one file in: UTF-8 name, 1980-01-01, mode 0644 or 0755, deflate unless `stored`.
    ///
    /// The compressor is fixed rather than whatever the platform offers, because the bundle's digest depends on it.
    pub fn add(
        &mut self,
        path: &str,
        executable: bool,
        stored: bool,
        content: impl Read,
    ) -> io::Result<Written> {
        let mut common = Common {
            version_needed: 20,
            flags: FLAG_UTF8,
            method: if stored { STORED } else { DEFLATE },
            time: 0,
            date: FIRST_DAY,
            crc: 0,
            compressed: 0,
            size: 0,
        };
        let start = self.position;
        let header = Local::to_bytes(&common, path);
        self.out.write_all(&header)?;
        let mut content = CrcReader {
            inner: HashingReader::new(content),
            crc: crc32fast::Hasher::new(),
        };
        let compressed = if stored {
            io::copy(&mut content, &mut self.out)?
        } else {
            deflate(&mut content, &mut self.out)?
        };
        common.crc = content.crc.finalize();
        let (digest, size) = content.inner.finish();
        common.size = small(size)?;
        common.compressed = small(compressed)?;
        self.position = start + header.len() as u64 + compressed;
        self.out.seek(SeekFrom::Start(start))?;
        self.out.write_all(&Local::to_bytes(&common, path))?;
        self.out.seek(SeekFrom::Start(self.position))?;
        self.record(path, executable, &common, start)?;
        Ok(Written { digest, size })
    }

    /// Writes a file that was compressed before.
    pub fn add_prepared(
        &mut self,
        path: &str,
        executable: bool,
        file: &Prepared,
    ) -> io::Result<Written> {
        let common = Common {
            version_needed: 20,
            flags: FLAG_UTF8,
            method: DEFLATE,
            time: 0,
            date: FIRST_DAY,
            crc: file.crc,
            compressed: small(file.packed.len() as u64)?,
            size: small(file.size)?,
        };
        let start = self.position;
        let header = Local::to_bytes(&common, path);
        self.out.write_all(&header)?;
        self.out.write_all(&file.packed)?;
        self.position = start + (header.len() + file.packed.len()) as u64;
        self.record(path, executable, &common, start)?;
        let (digest, size) = (file.digest, file.size);
        Ok(Written { digest, size })
    }

    fn record(
        &mut self,
        path: &str,
        executable: bool,
        common: &Common,
        start: u64,
    ) -> io::Result<()> {
        let offset = small(start)?;
        let mode = if executable { 0o100_755 } else { 0o100_644 };
        self.central
            .extend(Central::canonical(common, path, mode, offset));
        self.entries = self
            .entries
            .checked_add(1)
            .filter(|n| *n < u16::MAX)
            .ok_or_else(too_large)?;
        Ok(())
    }

    /// Writes directory and end record; gives the output and the number of bytes back.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.out.write_all(&self.central)?;
        let (size, offset) = (small(self.central.len() as u64)?, small(self.position)?);
        let end = End::canonical(self.entries, size, offset);
        self.out.write_all(&end)?;
        self.out.flush()?;
        let len = self.position + (self.central.len() + end.len()) as u64;
        Ok((self.out, len))
    }
}

/// Sizes and offsets have 32 bits, all ones meaning ZIP64.
fn small(number: u64) -> io::Result<u32> {
    u32::try_from(number)
        .ok()
        .filter(|n| *n < u32::MAX)
        .ok_or_else(too_large)
}

fn too_large() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        "a bundle holds at most 65,534 files and 4 GiB",
    )
}

struct CrcReader<R> {
    inner: HashingReader<R>,
    crc: crc32fast::Hasher,
}

impl<R: Read> Read for CrcReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.crc.update(&buffer[..n]);
        Ok(n)
    }
}

fn deflate(input: &mut impl Read, out: &mut impl Write) -> io::Result<u64> {
    let mut state = Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(
        LEVEL, RAW, 0,
    )));
    let (mut chunk, mut packed) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut total = 0;
    loop {
        // Blocks must not depend on how the input happens to be cut, so chunks are always filled.
        let n = fill(input, &mut chunk)?;
        let flush = if n < CHUNK {
            TDEFLFlush::Finish
        } else {
            TDEFLFlush::None
        };
        let mut rest = &chunk[..n];
        loop {
            let (status, consumed, written) = compress(&mut state, rest, &mut packed, flush);
            rest = &rest[consumed..];
            out.write_all(&packed[..written])?;
            total += written as u64;
            match status {
                TDEFLStatus::Done => return Ok(total),
                TDEFLStatus::Okay if rest.is_empty() && flush == TDEFLFlush::None => break,
                TDEFLStatus::Okay => {}
                _ => return Err(io::Error::other("the compressor failed")),
            }
        }
    }
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
