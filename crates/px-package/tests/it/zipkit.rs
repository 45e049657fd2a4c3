//! ZIP files with every field in the test's hands.

use miniz_oxide::deflate::compress_to_vec;

/// One entry; what is `None` follows from the content.
#[derive(Clone)]
pub struct Raw {
    pub name: Vec<u8>,
    pub local_name: Option<Vec<u8>>,
    pub data: Vec<u8>,
    pub deflate: bool,
    pub method: Option<u16>,
    pub flags: u16,
    pub mode: u32,
    pub size: Option<u32>,
    pub local_size: Option<u32>,
    pub crc: Option<u32>,
    pub offset: Option<u32>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    /// 0: none, 12 or 16: a data descriptor of that length.
    pub descriptor: usize,
    /// Bytes put before the local header.
    pub gap: Vec<u8>,
    /// Bytes put after the compressed data and counted as part of it.
    pub tail: Vec<u8>,
}

pub fn file(name: &str, data: &[u8]) -> Raw {
    Raw {
        name: name.as_bytes().to_vec(),
        local_name: None,
        data: data.to_vec(),
        deflate: true,
        method: None,
        flags: 1 << 11,
        mode: 0o100_644,
        size: None,
        local_size: None,
        crc: None,
        offset: None,
        extra: Vec::new(),
        comment: Vec::new(),
        descriptor: 0,
        gap: Vec::new(),
        tail: Vec::new(),
    }
}

pub fn stored(name: &str, data: &[u8]) -> Raw {
    Raw {
        deflate: false,
        ..file(name, data)
    }
}

fn u16s(out: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
}

fn u32s(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

fn len16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap()
}

impl Raw {
    fn packed(&self) -> Vec<u8> {
        let mut bytes = if self.deflate {
            compress_to_vec(&self.data, 6)
        } else {
            self.data.clone()
        };
        bytes.extend(&self.tail);
        bytes
    }

    fn method(&self) -> u16 {
        self.method.unwrap_or(if self.deflate { 8 } else { 0 })
    }

    fn flags(&self) -> u16 {
        self.flags | if self.descriptor > 0 { 1 << 3 } else { 0 }
    }

    fn numbers(&self) -> [u32; 3] {
        let crc = self.crc.unwrap_or_else(|| crc32fast::hash(&self.data));
        [
            crc,
            len(&self.packed()),
            self.size.unwrap_or(len(&self.data)),
        ]
    }

    fn local(&self, out: &mut Vec<u8>) {
        let name = self.local_name.as_ref().unwrap_or(&self.name);
        let mut numbers = self.numbers();
        if self.descriptor > 0 {
            numbers = [0; 3];
        }
        numbers[2] = self.local_size.unwrap_or(numbers[2]);
        u32s(out, &[0x0403_4b50]);
        u16s(out, &[20, self.flags(), self.method(), 0, 0x21]);
        u32s(out, &numbers);
        u16s(out, &[len16(name), 0]);
        out.extend(name);
        out.extend(self.packed());
        if self.descriptor == 16 {
            u32s(out, &[0x0807_4b50]);
        }
        if self.descriptor > 0 {
            u32s(out, &self.numbers());
        }
    }

    fn central(&self, out: &mut Vec<u8>, offset: u32) {
        u32s(out, &[0x0201_4b50]);
        u16s(out, &[0x0314, 20, self.flags(), self.method(), 0, 0x21]);
        u32s(out, &self.numbers());
        u16s(
            out,
            &[
                len16(&self.name),
                len16(&self.extra),
                len16(&self.comment),
                0,
                0,
            ],
        );
        u32s(out, &[self.mode << 16, self.offset.unwrap_or(offset)]);
        out.extend(&self.name);
        out.extend(&self.extra);
        out.extend(&self.comment);
    }
}

/// The archive's bytes.
pub fn zip(entries: &[Raw]) -> Vec<u8> {
    zip_with(entries, &[], &[])
}

/// The archive's bytes, with bytes before its directory and a comment.
pub fn zip_with(entries: &[Raw], before_directory: &[u8], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        out.extend(&entry.gap);
        entry.central(&mut central, len(&out));
        entry.local(&mut out);
    }
    out.extend(before_directory);
    let offset = len(&out);
    out.extend(&central);
    let count = u16::try_from(entries.len()).unwrap();
    u32s(&mut out, &[0x0605_4b50]);
    u16s(&mut out, &[0, 0, count, count]);
    u32s(&mut out, &[len(&central), offset]);
    u16s(&mut out, &[len16(comment)]);
    out.extend(comment);
    out
}
