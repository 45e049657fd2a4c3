//! Archives written byte by byte, so that they can be wrong in every way.

use px_package::sha256;
use std::collections::BTreeMap;

/// One entry and its lies.
#[derive(Clone)]
pub struct Raw {
    pub name: String,
    pub data: Vec<u8>,
    /// Name in the local header, when it is another.
    pub local_name: Option<String>,
    pub flags: u16,
    pub method: u16,
    /// Unix mode in the directory.
    pub mode: u32,
    /// Size in the headers, when it is another.
    pub declared: Option<u32>,
}

impl Raw {
    pub fn new(name: &str, data: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            data: data.into(),
            local_name: None,
            flags: 0,
            method: 0,
            mode: 0o100_644,
            declared: None,
        }
    }
}

/// The entries with an `integrity.txt` that names them all.
pub fn listed(files: &BTreeMap<String, Vec<u8>>) -> Vec<Raw> {
    let lines: String = files
        .iter()
        .map(|(path, data)| format!("{}  {path}\n", sha256(data)))
        .collect();
    let mut entries: Vec<Raw> = files
        .iter()
        .map(|(path, data)| Raw::new(path, data.clone()))
        .collect();
    entries.push(Raw::new("integrity.txt", lines));
    entries
}

/// The archive.
pub fn write(entries: &[Raw]) -> Vec<u8> {
    write_after(b"", entries)
}

/// The archive behind other bytes, with offsets that count them.
pub fn write_after(before: &[u8], entries: &[Raw]) -> Vec<u8> {
    let mut out = before.to_vec();
    let mut directory = Vec::new();
    for entry in entries {
        let size = entry.declared.unwrap_or(entry.data.len() as u32);
        let offset = out.len() as u32;
        let local = entry.local_name.as_ref().unwrap_or(&entry.name);
        let common = |name: &str| {
            let mut bytes = Vec::new();
            for word in [
                20,
                entry.flags | if name.is_ascii() { 0 } else { 0x800 },
                entry.method,
                0,
                33,
            ] {
                bytes.extend(word.to_le_bytes());
            }
            for word in [crc32fast::hash(&entry.data), entry.data.len() as u32, size] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend(0_u16.to_le_bytes());
            bytes
        };
        out.extend(b"PK\x03\x04");
        out.extend(common(local));
        out.extend(local.as_bytes());
        out.extend(&entry.data);
        directory.extend(b"PK\x01\x02");
        directory.extend(0x0314_u16.to_le_bytes());
        directory.extend(common(&entry.name));
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        out.extend((entries.len() as u16).to_le_bytes());
    }
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}
