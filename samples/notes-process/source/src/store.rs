//! Notes in a file, opened anew for every request: one per line, fields between tabs. The first line is the schema.
//!
//! Schema 1: id, text. Schema 2: id, text, `pinned` or nothing. A reader of schema 1 ignores further fields,
//! so the data of schema 2 still serves it: a version may be taken back after its migration, and two
//! versions may work on the same file while one takes over from the other.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Newest schema this program knows.
pub const NEWEST: u32 = 2;
/// Most notes, and longest note in bytes.
pub const MAX_NOTES: usize = 10_000;
pub const MAX_TEXT: usize = 4096;

/// One note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: u64,
    pub text: String,
    pub pinned: bool,
}

/// The notes of one tenant, closed to everybody else while this lives.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    _lock: fs::File,
    /// Schema the file is in.
    schema: u32,
    pub notes: Vec<Note>,
}

fn file_of(dir: &Path) -> PathBuf {
    dir.join("notes.tsv")
}

impl Store {
    /// Opens the notes in `dir`; a new file is made in `schema`, an existing one keeps its own.
    pub fn open(dir: &Path, schema: u32) -> io::Result<Self> {
        let file = file_of(dir);
        let lock = fs::File::create(dir.join("notes.lock"))?;
        lock.lock()?;
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => format!("schema {schema}\n"),
            Err(error) => return Err(error),
        };
        let (schema, notes) = parse(&file, &text)?;
        Ok(Self {
            file,
            _lock: lock,
            schema,
            notes,
        })
    }

    /// Whether notes can be pinned.
    pub const fn has_pins(&self) -> bool {
        self.schema >= 2
    }

    /// Adds a note and returns it.
    pub fn add(&mut self, text: &str, pinned: bool) -> io::Result<Note> {
        let id = self.notes.iter().map(|note| note.id).max().unwrap_or(0) + 1;
        let pinned = pinned && self.has_pins();
        let note = Note {
            id,
            text: text.to_owned(),
            pinned,
        };
        self.notes.push(note.clone());
        self.save()?;
        Ok(note)
    }

    /// Puts another text into a note and returns it; nothing when there is none of this id.
    pub fn change(&mut self, id: u64, text: &str, pinned: bool) -> io::Result<Option<Note>> {
        let pins = self.has_pins();
        let Some(note) = self.notes.iter_mut().find(|note| note.id == id) else {
            return Ok(None);
        };
        text.clone_into(&mut note.text);
        note.pinned = pinned && pins;
        let note = note.clone();
        self.save()?;
        Ok(Some(note))
    }

    /// Removes a note; false when there is none of this id.
    pub fn remove(&mut self, id: u64) -> io::Result<bool> {
        let Some(at) = self.notes.iter().position(|note| note.id == id) else {
            return Ok(false);
        };
        self.notes.remove(at);
        self.save()?;
        Ok(true)
    }

    /// Writes beside and renames: the file is always whole.
    fn save(&self) -> io::Result<()> {
        let mut text = format!("schema {}\n", self.schema);
        for note in &self.notes {
            text += &format!("{}\t{}", note.id, escape(&note.text));
            if self.has_pins() {
                text += if note.pinned { "\tpinned" } else { "\t" };
            }
            text += "\n";
        }
        let part = self.file.with_extension("part");
        let mut out = fs::File::create(&part)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&part, &self.file)
    }
}

/// The schema and the notes.
fn parse(file: &Path, text: &str) -> io::Result<(u32, Vec<Note>)> {
    let bad = |line: usize| {
        let place = format!("{} line {line} is damaged", file.display());
        io::Error::new(io::ErrorKind::InvalidData, place)
    };
    let mut lines = text.lines().zip(1..);
    let head = lines
        .next()
        .and_then(|(line, _)| line.strip_prefix("schema "));
    let schema = head.and_then(|n| n.parse().ok()).ok_or_else(|| bad(1))?;
    let mut notes = Vec::new();
    for (line, number) in lines {
        let mut fields = line.split('\t');
        let id = fields.next().and_then(|id| id.parse().ok());
        let (Some(id), Some(text)) = (id, fields.next()) else {
            return Err(bad(number));
        };
        let pinned = fields.next() == Some("pinned");
        notes.push(Note {
            id,
            text: unescape(text),
            pinned,
        });
    }
    Ok((schema, notes))
}

/// Brings the notes in `dir` to `schema`, and says what was done. Repeating it does nothing.
pub fn migrate(dir: &Path, schema: u32) -> io::Result<String> {
    let mut store = Store::open(dir, schema)?;
    if store.schema >= schema {
        return Ok(format!("schema {} is there already", store.schema));
    }
    let from = store.schema;
    // A copy to go back to, should the new version be taken back.
    fs::copy(file_of(dir), dir.join(format!("notes.schema{from}.tsv")))?;
    store.schema = schema;
    store.save()?;
    Ok(format!(
        "{} notes from schema {from} to schema {schema}",
        store.notes.len()
    ))
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match if c == '\\' { chars.next() } else { None } {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("notes-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = folder("written");
        let mut store = Store::open(&dir, 1).unwrap();
        store
            .add("tab\there, line\nthere, back\\slash\r", true)
            .unwrap();
        store.add("second", false).unwrap();
        assert!(store.remove(2).unwrap() && !store.remove(2).unwrap());
        let written = std::mem::take(&mut store.notes);
        drop(store);
        let again = Store::open(&dir, 2).unwrap();
        assert_eq!(again.notes, written);
        assert!(
            !again.notes[0].pinned && !again.has_pins(),
            "schema 1 has no pins"
        );
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_migration_adds_a_field_once() {
        let dir = folder("migrated");
        Store::open(&dir, 1).unwrap().add("old", false).unwrap();
        assert_eq!(
            migrate(&dir, 2).unwrap(),
            "1 notes from schema 1 to schema 2"
        );
        assert_eq!(migrate(&dir, 2).unwrap(), "schema 2 is there already");
        assert_eq!(migrate(&dir, 1).unwrap(), "schema 2 is there already");
        assert!(dir.join("notes.schema1.tsv").exists());
        let pinned = Store::open(&dir, 1).unwrap().add("new", true).unwrap();
        assert!(pinned.pinned, "a reader of schema 1 keeps the newer schema");
        assert_eq!(Store::open(&dir, 2).unwrap().notes[1], pinned);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let dir = folder("damaged");
        for (text, line) in [("", 1), ("schema x\n", 1), ("schema 1\n1\ta\nxyz\n", 3)] {
            fs::write(file_of(&dir), text).unwrap();
            let error = Store::open(&dir, 1).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("line {line} is damaged")),
                "{error}"
            );
        }
        fs::remove_dir_all(dir).unwrap();
    }
}
