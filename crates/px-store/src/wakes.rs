//! Who is woken by a commit of this process: whoever waits for what it touched.
//!
//! Dozens of followers wait at the same time, most of them for something that happens seldom. Woken
//! by every commit, each would ask the database whether it was meant, and that would cost more than
//! the commit did.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// What waits, by topic.
pub(crate) struct Wakes {
    all: watch::Sender<u64>,
    topics: Mutex<HashMap<String, watch::Sender<u64>>>,
}

impl Wakes {
    pub(crate) fn new() -> Self {
        Self {
            all: watch::Sender::new(0),
            topics: Mutex::default(),
        }
    }

    pub(crate) fn every(&self) -> watch::Receiver<u64> {
        self.all.subscribe()
    }

    pub(crate) fn of(&self, topic: &str) -> watch::Receiver<u64> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        match topics.get(topic) {
            Some(sender) => sender.subscribe(),
            None => {
                let sender = watch::Sender::new(0);
                let receiver = sender.subscribe();
                topics.insert(topic.to_owned(), sender);
                receiver
            }
        }
    }

    /// A commit that touched `topics`.
    pub(crate) fn wake(&self, topics: &[String]) {
        let bump = |count: &mut u64| *count = count.wrapping_add(1);
        if !topics.is_empty() {
            let known = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
            for sender in topics.iter().filter_map(|topic| known.get(topic)) {
                sender.send_modify(bump);
            }
        }
        self.all.send_modify(bump);
    }
}
