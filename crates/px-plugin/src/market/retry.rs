//! Trying again: exponential backoff with jitter, bounded.

use std::time::Duration;

use px_api::client::CallError;

use crate::failure::Failure;
use crate::session::Session;

/// Tries of one call before giving up: up to a quarter of a minute, for somebody sits and waits.
const MAX_ATTEMPTS: u32 = 6;
const BASE: Duration = Duration::from_millis(500);
const CAP: Duration = Duration::from_secs(30);

/// Pause before try `attempt` (from 1): doubled each time up to 30 s, of which a random part between
/// one half and the whole is waited (`fraction` from 0 to 1), or what the server asked for when that is longer.
#[must_use]
pub fn pause(attempt: u32, fraction: f64, asked: Option<Duration>) -> Duration {
    let doubled = BASE
        .saturating_mul(1 << attempt.saturating_sub(1).min(16))
        .min(CAP);
    let jittered = doubled.mul_f64(0.5 + fraction.clamp(0.0, 1.0) / 2.0);
    // A server cannot make us wait for more than ten minutes.
    jittered.max(asked.unwrap_or_default().min(Duration::from_secs(600)))
}

/// Told before each pause: try that failed, reason, pause.
pub type OnRetry<'a> = dyn FnMut(u32, &str, Duration) + 'a;

/// Calls until it succeeds, fails for good, or has failed [`MAX_ATTEMPTS`] times.
///
/// # Errors
/// The last failure.
pub async fn call<T, F>(
    session: &Session,
    on_retry: &mut OnRetry<'_>,
    mut work: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut attempt = 0;
    loop {
        match work().await {
            Ok(value) => return Ok(value),
            Err(error) if error.is_transient() && attempt + 1 < MAX_ATTEMPTS => {
                attempt += 1;
                let wait = pause(attempt, session.fraction(), None);
                on_retry(attempt, &Failure::from(error).problem.detail, wait);
                tokio::time::sleep(wait).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Says each failed try on the terminal.
pub fn said(session: &Session) -> impl FnMut(u32, &str, Duration) + '_ {
    |attempt, reason, wait| {
        let text = format!(
            "{reason}; try {} in {:.1} s",
            attempt + 1,
            wait.as_secs_f64()
        );
        session.printer.step(crate::printer::Mark::Warn, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_stay_bounded_and_respect_the_server() {
        assert_eq!(pause(1, 1.0, None), BASE);
        assert_eq!(pause(1, 0.0, None), BASE / 2);
        assert_eq!(pause(4, 1.0, None), BASE * 8);
        assert_eq!(pause(60, 1.0, None), CAP);
        let asked = Some(Duration::from_secs(90));
        assert_eq!(pause(2, 0.3, asked), Duration::from_secs(90));
        assert_eq!(pause(2, 0.3, Some(Duration::MAX)), Duration::from_secs(600));
    }
}
