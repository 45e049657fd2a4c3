//! Writes down how attempts went: those that ended at about the same time in one transaction.
//!
//! A flush and a lock per delivery would bound how many there can be. Here whoever has an outcome
//! puts it into the queue and waits for its answer; one writer takes all that is there. What was not
//! written when a process dies is attempted again, with the same id.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use px_store::{Db, Result, StoreError};
use px_work::Job;
use tokio::sync::oneshot;

use crate::book::Book;
use crate::deliver::{Next, Outcome};
use crate::{Endpoint, Notice};

/// Most outcomes in one transaction.
const AT_ONCE: usize = 128;

/// How an attempt went.
pub(crate) struct Report {
    pub(crate) notice: Notice,
    pub(crate) endpoint: Endpoint,
    pub(crate) outcome: Outcome,
    /// Ended or put off in the same transaction.
    pub(crate) job: Option<Job>,
}

impl Report {
    pub(crate) const fn arrived(&self) -> bool {
        matches!(self.outcome, Outcome::Arrived { .. })
    }
}

type Entry = (Report, oneshot::Sender<Result<Next>>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Entry>,
    writing: bool,
}

/// The queue and its writer.
pub(crate) struct Journal {
    db: Db,
    book: Book,
    queue: Mutex<Queue>,
}

impl Journal {
    pub(crate) fn new(db: Db, book: Book) -> Arc<Self> {
        Arc::new(Self {
            db,
            book,
            queue: Mutex::default(),
        })
    }

    /// Answers when the report is on disk with everything that follows from it.
    pub(crate) async fn write(self: &Arc<Self>, report: Report) -> Result<Next> {
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.waiting.push((report, answer));
            if !queue.writing {
                queue.writing = true;
                // A task of its own: others' answers must not depend on who happened to be first.
                let journal = Arc::clone(self);
                let writing = Writing {
                    journal,
                    ended: false,
                };
                tokio::spawn(writing.run());
            }
        }
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::Lost(std::io::Error::other("the writer ended"))))
    }

    /// The next ones to be written; without any, the writer has ended.
    fn next(&self) -> Vec<Entry> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let count = queue.waiting.len().min(AT_ONCE);
        queue.writing = count > 0;
        queue.waiting.drain(..count).collect()
    }

    /// Together, or, when one of them cannot be written, each for itself.
    async fn settle(&self, entries: Vec<Entry>) {
        let (reports, answers): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        match self.together(&reports).await {
            Ok(all) => {
                for (next, answer) in all.into_iter().zip(answers) {
                    let _ = answer.send(Ok(next));
                }
            }
            Err(error) if reports.len() == 1 => {
                if let Some(answer) = answers.into_iter().next() {
                    let _ = answer.send(Err(error));
                }
            }
            Err(error) if error.is_transient() => {
                for answer in answers {
                    let said = std::io::Error::other(error.to_string());
                    let _ = answer.send(Err(StoreError::Lost(said)));
                }
            }
            Err(_) => {
                for (report, answer) in reports.iter().zip(answers) {
                    let alone = self.together(std::slice::from_ref(report)).await;
                    let _ = answer.send(alone.map(|mut all| all.swap_remove(0)));
                }
            }
        }
    }

    async fn together(&self, reports: &[Report]) -> Result<Vec<Next>> {
        let mut tx = self.db.begin().await?;
        // In the order they came for a receiver that answers now this, now that.
        let mixed: HashSet<_> = reports
            .iter()
            .filter(|r| !r.arrived())
            .map(|r| r.endpoint.id)
            .collect();
        let easy = |r: &&Report| r.arrived() && !mixed.contains(&r.endpoint.id);
        let arrived: Vec<_> = reports.iter().filter(easy).collect();
        if !arrived.is_empty() {
            self.book.all_arrived(&mut tx, &arrived).await?;
        }
        let mut all = Vec::with_capacity(reports.len());
        for report in reports {
            all.push(if easy(&report) {
                Next::Ended(crate::NoticeState::Delivered)
            } else {
                self.book.settle(&mut tx, report).await?
            });
        }
        tx.commit().await?;
        Ok(all)
    }
}

/// A writer at work.
struct Writing {
    journal: Arc<Journal>,
    ended: bool,
}

impl Writing {
    async fn run(mut self) {
        loop {
            let entries = self.journal.next();
            if entries.is_empty() {
                self.ended = true;
                return;
            }
            self.journal.settle(entries).await;
        }
    }
}

impl Drop for Writing {
    /// A writer that is torn away makes room for the next one; those who wait for it are told that
    /// their answer got lost.
    fn drop(&mut self) {
        if !self.ended {
            let queue = self.journal.queue.lock();
            let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
            queue.writing = false;
            queue.waiting.clear();
        }
    }
}
