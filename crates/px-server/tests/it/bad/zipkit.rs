//! ZIP files that no sound program writes.

use miniz_oxide::deflate::compress_to_vec;

/// One entry.
pub struct Entry {
    name: String,
    data: Vec<u8>,
    mode: u32,
}

/// A plain file.
pub fn file(name: &str, data: &[u8]) -> Entry {
    Entry {
        name: name.to_owned(),
        data: data.to_vec(),
        mode: 0o100_644,
    }
}

/// A symbolic link.
pub fn link(name: &str, target: &str) -> Entry {
    Entry {
        mode: 0o120_777,
        ..file(name, target.as_bytes())
    }
}

fn put(out: &mut Vec<u8>, words: &[u16], numbers: &[u32]) {
    words.iter().for_each(|n| out.extend(n.to_le_bytes()));
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
}

fn small<T: TryFrom<usize, Error: std::fmt::Debug>>(n: usize) -> T {
    T::try_from(n).unwrap()
}

/// The archive's bytes: deflated entries as they are given, whatever they are called.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        let packed = compress_to_vec(&entry.data, 6);
        let facts = [
            crc32fast::hash(&entry.data),
            small(packed.len()),
            small(entry.data.len()),
        ];
        let length = small(entry.name.len());
        put(&mut central, &[], &[0x0201_4b50]);
        put(&mut central, &[0x0314, 20, 1 << 11, 8, 0, 0x21], &facts);
        put(&mut central, &[length, 0, 0, 0, 0], &[]);
        put(&mut central, &[], &[entry.mode << 16, small(out.len())]);
        central.extend(entry.name.as_bytes());
        put(&mut out, &[], &[0x0403_4b50]);
        put(&mut out, &[20, 1 << 11, 8, 0, 0x21], &facts);
        put(&mut out, &[length, 0], &[]);
        out.extend(entry.name.as_bytes());
        out.extend(packed);
    }
    let offset = small(out.len());
    out.extend(&central);
    let count = small(entries.len());
    put(&mut out, &[], &[0x0605_4b50]);
    put(
        &mut out,
        &[0, 0, count, count],
        &[small(central.len()), offset],
    );
    put(&mut out, &[0], &[]);
    out
}
