//! Waiting for something that happens in the background.

use std::time::{Duration, Instant};

/// Asks again and again until `ask` answers `Some`; gives up after 20 s.
///
/// # Panics
/// When it gives up, naming `what`.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
