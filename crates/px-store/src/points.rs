//! Places where a test stops, fails or ends a process: the programs name them, tests use them.
//!
//! A released program has nobody at these places: [`Env`](crate::Env) holds no listener, and
//! passing one costs a look at an empty field. `px-server` installs a listener in builds with debug
//! assertions only.

use std::io;

use async_trait::async_trait;

/// Which moment of a state's work a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    /// The work of the state is about to begin.
    Before,
    /// The work is done; nothing of it is in the database yet.
    Done,
    /// The transition that leaves the state is committed; nobody has been told yet.
    After,
}

impl When {
    /// Every moment, in order.
    pub const ALL: [Self; 3] = [Self::Before, Self::Done, Self::After];

    /// The word in a place's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Done => "done",
            Self::After => "after",
        }
    }
}

/// A place that work passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Whose states: `install` or `version`.
    pub machine: &'static str,
    /// The state, or a step of its work: `scanning.checks`.
    pub state: &'static str,
    /// The moment.
    pub when: When,
    /// Whose work it is: the tenant of an install, the plugin of a version.
    pub subject: String,
}

impl Point {
    /// A place.
    #[must_use]
    pub fn new(
        machine: &'static str,
        state: &'static str,
        when: When,
        subject: impl Into<String>,
    ) -> Self {
        Self {
            machine,
            state,
            when,
            subject: subject.into(),
        }
    }
}

/// Listens at the places.
#[async_trait]
pub trait FaultPoints: Send + Sync + 'static {
    /// Called when work passes a place; it goes on when this answers.
    ///
    /// # Errors
    /// What the work then meets, as if a disk or a connection had failed there.
    async fn pass(&self, point: &Point) -> io::Result<()>;
}
