//! The records of a ZIP file (APPNOTE 6.3.10, 4.3), read and written exactly.

use std::io::{self, Read};

pub const LOCAL: u32 = 0x0403_4b50;
pub const CENTRAL: u32 = 0x0201_4b50;
pub const END: u32 = 0x0605_4b50;
pub const DESCRIPTOR: u32 = 0x0807_4b50;
pub const ZIP64_LOCATOR: u32 = 0x0706_4b50;
pub const LOCAL_LEN: u64 = 30;
pub const CENTRAL_LEN: usize = 46;
pub const END_LEN: usize = 22;

/// General purpose flags.
pub const FLAG_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
pub const FLAG_DESCRIPTOR: u16 = 1 << 3;
pub const FLAG_UTF8: u16 = 1 << 11;
/// Bits 1 and 2 say how hard the compressor tried; the rest of what we accept has a meaning above.
pub const FLAGS_KNOWN: u16 = 0b110 | FLAG_DESCRIPTOR | FLAG_UTF8;

pub const STORED: u16 = 0;
pub const DEFLATE: u16 = 8;
/// 1980-01-01, the first day the format knows.
pub const FIRST_DAY: u16 = 0x21;

/// What local and central header share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    pub version_needed: u16,
    pub flags: u16,
    pub method: u16,
    pub time: u16,
    pub date: u16,
    pub crc: u32,
    pub compressed: u32,
    pub size: u32,
}

#[derive(Debug, Clone)]
pub struct Local {
    pub common: Common,
    pub name: Vec<u8>,
    pub extra: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Central {
    pub common: Common,
    pub name: Vec<u8>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub disk: u16,
    pub external: u32,
    pub offset: u32,
}

#[derive(Debug, Clone, Copy)]
pub struct End {
    pub disk: u16,
    pub central_disk: u16,
    pub entries_here: u16,
    pub entries: u16,
    pub central_size: u32,
    pub central_offset: u32,
}

/// A cursor over little-endian numbers; running out is an error.
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    pub fn take(&mut self, n: usize) -> io::Result<&'a [u8]> {
        let (head, tail) = self
            .0
            .split_at_checked(n)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = tail;
        Ok(head)
    }

    pub fn u16(&mut self) -> io::Result<u16> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub fn u32(&mut self) -> io::Result<u32> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn common(&mut self) -> io::Result<Common> {
        Ok(Common {
            version_needed: self.u16()?,
            flags: self.u16()?,
            method: self.u16()?,
            time: self.u16()?,
            date: self.u16()?,
            crc: self.u32()?,
            compressed: self.u32()?,
            size: self.u32()?,
        })
    }
}

impl Common {
    fn write(&self, out: &mut Vec<u8>) {
        for number in [
            self.version_needed,
            self.flags,
            self.method,
            self.time,
            self.date,
        ] {
            out.extend(number.to_le_bytes());
        }
        for number in [self.crc, self.compressed, self.size] {
            out.extend(number.to_le_bytes());
        }
    }
}

impl Local {
    /// Reads a header; `None` when the signature is another.
    pub fn read(reader: &mut impl Read) -> io::Result<Option<Self>> {
        let mut fixed = [0; LOCAL_LEN as usize];
        reader.read_exact(&mut fixed)?;
        let mut cursor = Cursor(&fixed);
        if cursor.u32()? != LOCAL {
            return Ok(None);
        }
        let common = cursor.common()?;
        let mut name = vec![0; usize::from(cursor.u16()?)];
        let mut extra = vec![0; usize::from(cursor.u16()?)];
        reader.read_exact(&mut name)?;
        reader.read_exact(&mut extra)?;
        Ok(Some(Self {
            common,
            name,
            extra,
        }))
    }

    /// Bytes the header takes in the file.
    pub fn len(&self) -> u64 {
        LOCAL_LEN + (self.name.len() + self.extra.len()) as u64
    }

    /// The header's bytes, without extra fields.
    pub fn to_bytes(common: &Common, name: &str) -> Vec<u8> {
        let mut out = LOCAL.to_le_bytes().to_vec();
        common.write(&mut out);
        out.extend(len16(name.len()));
        out.extend(len16(0));
        out.extend(name.as_bytes());
        out
    }
}

impl Central {
    /// Reads one record; `None` when the signature is another.
    pub fn read(cursor: &mut Cursor<'_>) -> io::Result<Option<Self>> {
        if cursor.u32()? != CENTRAL {
            return Ok(None);
        }
        // Which system made it changes nothing: the mode bits are looked at whatever it says.
        let _made_by = cursor.u16()?;
        let common = cursor.common()?;
        let (name, extra, comment) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
        let disk = cursor.u16()?;
        let _internal = cursor.u16()?;
        let external = cursor.u32()?;
        let offset = cursor.u32()?;
        Ok(Some(Self {
            common,
            name: cursor.take(usize::from(name))?.to_vec(),
            extra: cursor.take(usize::from(extra))?.to_vec(),
            comment: cursor.take(usize::from(comment))?.to_vec(),
            disk,
            external,
            offset,
        }))
    }

    /// The one form a record has in a signed bundle: made by Unix, no extra field, no comment.
    pub fn canonical(common: &Common, name: &str, mode: u32, offset: u32) -> Vec<u8> {
        let mut out = CENTRAL.to_le_bytes().to_vec();
        out.extend(0x0314_u16.to_le_bytes());
        common.write(&mut out);
        out.extend(len16(name.len()));
        out.extend([0; 8]); // extra, comment, disk, internal attributes
        out.extend((mode << 16).to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(name.as_bytes());
        out
    }
}

impl End {
    pub fn read(bytes: &[u8]) -> io::Result<Self> {
        let mut cursor = Cursor(bytes);
        cursor.u32()?;
        Ok(Self {
            disk: cursor.u16()?,
            central_disk: cursor.u16()?,
            entries_here: cursor.u16()?,
            entries: cursor.u16()?,
            central_size: cursor.u32()?,
            central_offset: cursor.u32()?,
        })
    }

    /// The end record of a file in one part without comment.
    pub fn canonical(entries: u16, central_size: u32, central_offset: u32) -> Vec<u8> {
        let mut out = END.to_le_bytes().to_vec();
        out.extend([0; 4]);
        out.extend(entries.to_le_bytes());
        out.extend(entries.to_le_bytes());
        out.extend(central_size.to_le_bytes());
        out.extend(central_offset.to_le_bytes());
        out.extend([0; 2]);
        out
    }
}

/// A length field. Names are checked to be far below the limit before anything is written.
fn len16(len: usize) -> [u8; 2] {
    u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes()
}
