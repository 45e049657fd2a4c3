//! An SQLite connection without a thread of its own, for statements that answer with one number.

use std::ffi::CString;
use std::path::Path;
use std::ptr::{self, NonNull};

use libsqlite3_sys as ffi;

/// One connection with its prepared statements; nothing but numbers is ever read through it.
pub(crate) struct Direct {
    db: NonNull<ffi::sqlite3>,
    prepared: Vec<(&'static str, NonNull<ffi::sqlite3_stmt>)>,
}

#[expect(unsafe_code, reason = "a connection may change its thread")]
// SAFETY: the library is compiled for use by many threads (the driver beside us insists on it), and
// only one of them at a time can hold this value, whose uses all need it exclusively.
unsafe impl Send for Direct {}

impl Direct {
    /// Opens the database file, which must exist. It never waits for locks.
    #[expect(unsafe_code, reason = "the library is C")]
    pub(crate) fn open(path: &Path) -> Option<Self> {
        let path = CString::new(path.as_os_str().as_encoded_bytes()).ok()?;
        let flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_NOMUTEX;
        let mut db = ptr::null_mut();
        // SAFETY: the path ends in NUL and outlives the call; a handle comes back even when it
        // fails, and is closed by `Drop`.
        let status =
            unsafe { ffi::sqlite3_open_v2(path.as_ptr(), &raw mut db, flags, ptr::null()) };
        let opened = Self {
            db: NonNull::new(db)?,
            prepared: Vec::new(),
        };
        (status == ffi::SQLITE_OK).then_some(opened)
    }

    /// The first column of the first row; nothing when there is none or the engine refuses, after
    /// which the connection is not to be used again.
    #[expect(unsafe_code, reason = "the library is C")]
    pub(crate) fn number(&mut self, sql: &'static str) -> Option<i64> {
        let statement = self.prepared(sql)?.as_ptr();
        // SAFETY: the statement belongs to this connection, which is held exclusively, and lives as
        // long as it. It is reset in every case, which ends its transaction.
        unsafe {
            let found = (ffi::sqlite3_step(statement) == ffi::SQLITE_ROW)
                .then(|| ffi::sqlite3_column_int64(statement, 0));
            let reset = ffi::sqlite3_reset(statement);
            found.filter(|_| reset == ffi::SQLITE_OK)
        }
    }

    #[expect(unsafe_code, reason = "the library is C")]
    fn prepared(&mut self, sql: &'static str) -> Option<NonNull<ffi::sqlite3_stmt>> {
        if let Some((_, known)) = self.prepared.iter().find(|(text, _)| *text == sql) {
            return Some(*known);
        }
        let length = i32::try_from(sql.len()).ok()?;
        let mut statement = ptr::null_mut();
        // SAFETY: the text is as long as said and outlives the call, which copies it.
        unsafe {
            ffi::sqlite3_prepare_v3(
                self.db.as_ptr(),
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &raw mut statement,
                ptr::null_mut(),
            );
        }
        let statement = NonNull::new(statement)?;
        self.prepared.push((sql, statement));
        Some(statement)
    }
}

impl Drop for Direct {
    #[expect(unsafe_code, reason = "the library is C")]
    fn drop(&mut self) {
        // SAFETY: nobody else has the handles, and they are not used after this.
        unsafe {
            for (_, statement) in &self.prepared {
                ffi::sqlite3_finalize(statement.as_ptr());
            }
            ffi::sqlite3_close(self.db.as_ptr());
        }
    }
}
