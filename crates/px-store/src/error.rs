//! What can go wrong with stored data.

/// A storage failure. The chain of causes is for the log; callers answer with their own words.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused or is away.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored value does not have the form this version writes.
    #[error("column `{column}` holds {found}: {reason}")]
    Corrupt {
        /// Column name.
        column: String,
        /// What was read, shortened.
        found: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// The address of the database is not one this build can open.
    #[error("`{0}` is not a database address: use sqlite:PATH or postgres://USER@HOST/NAME")]
    Address(String),
    /// A migration that already ran has other text now.
    #[error("migration {set}/{name} was changed after it ran; restore its text and add a new one")]
    MigrationChanged {
        /// Migration set.
        set: String,
        /// Migration name.
        name: String,
    },
    /// A row that must exist does not.
    #[error("no such {0}")]
    Missing(&'static str),
    /// Another process changed the row first (fencing, optimistic locking).
    #[error("{0} was changed by somebody else in the meantime")]
    Stale(&'static str),
    /// The same idempotency key came with another body.
    #[error("idempotency key `{0}` was used before with another request")]
    KeyReused(String),
    /// Whether it was written is not known: the answer to a commit got lost.
    #[error("the answer of the database got lost: {0}")]
    Lost(std::io::Error),
    /// A value could not be written as JSON.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
}

impl StoreError {
    /// Whether trying again may help: the engine is busy, restarting or out of connections.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed,
            )
            | Self::Lost(_) => true,
            Self::Database(sqlx::Error::Database(e)) => passes_by(&e.code().unwrap_or_default()),
            _ => false,
        }
    }

    /// Whether a unique constraint refused the row.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
}

/// Whether what an engine says by this code may be over soon. SQLite's result codes are numbers whose
/// low byte is the kind: busy, locked, a disk that refuses, is full or opens no file. PostgreSQL's
/// have five characters: serialisation, deadlock, shutdown, connections, a full disk.
fn passes_by(code: &str) -> bool {
    if code.len() < 5
        && let Ok(number) = code.parse::<u32>()
    {
        return matches!(number & 0xff, 5 | 6 | 10 | 13 | 14);
    }
    [
        "40001", "40P01", "57P01", "57P02", "57P03", "53300", "53100", "58030", "25P03", "08003",
        "08006",
    ]
    .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::passes_by;

    #[test]
    fn full_and_busy_disks_pass_by_and_broken_statements_do_not() {
        for code in ["5", "517", "13", "778", "4874", "53100", "57P01"] {
            assert!(passes_by(code), "{code}");
        }
        for code in ["1", "19", "2067", "11", "23505", "42601", ""] {
            assert!(!passes_by(code), "{code}");
        }
    }
}
