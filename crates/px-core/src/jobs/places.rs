//! Places for installs that fetch, unpack, compile or start something: as many as the machine can
//! bear. Those on probation only wait and look now and then; they take no place.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::app::install::{Action, Work};

/// Places.
pub struct Places(Semaphore);

impl Places {
    /// This many.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Semaphore::new(count.max(1)))
    }

    /// Takes a place before the first step that needs one, keeps it from step to step, and gives it
    /// back before anything that waits.
    pub(crate) async fn turn<'a>(&'a self, held: &mut Option<SemaphorePermit<'a>>, next: &Action) {
        match next {
            Action::Rest | Action::Wait(_) | Action::Work(Work::Watch) => drop(held.take()),
            // The way back is short, and nobody waits in front of it.
            Action::Enter(..) | Action::Work(Work::Resolve | Work::RollBack) => {}
            Action::Work(_) if held.is_some() => {}
            Action::Work(_) => *held = self.0.acquire().await.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_kept_until_the_install_only_waits() {
        let places = Places::new(1);
        let mut held = None;
        places.turn(&mut held, &Action::Work(Work::Fetch)).await;
        places.turn(&mut held, &Action::Work(Work::Stage)).await;
        assert_eq!(places.0.available_permits(), 0);
        let mut other = None;
        places.turn(&mut other, &Action::Work(Work::RollBack)).await;
        assert!(other.is_none(), "the way back needs no place");
        places.turn(&mut held, &Action::Work(Work::Watch)).await;
        assert_eq!(places.0.available_permits(), 1);
        places
            .turn(&mut other, &Action::Work(Work::Preflight))
            .await;
        assert_eq!(places.0.available_permits(), 0);
    }
}
