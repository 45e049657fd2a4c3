//! Whether outcomes so far speak for a release: Wald's sequential probability ratio test.

/// What outcomes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Failures are as rare as they must be.
    Pass,
    /// Failures are too frequent.
    Fail,
    /// Too few outcomes to say.
    Inconclusive,
}

/// Failure rate of a good release.
const P0: f64 = 0.01;
/// Failure rate of a bad one.
const P1: f64 = 0.05;
/// Chance to refuse a good release.
const ALPHA: f64 = 0.01;
/// Chance to pass a bad one.
const BETA: f64 = 0.05;

/// Tests p0 = 1 % against p1 = 5 % with α = 0.01 and β = 0.05 (A. Wald, Sequential Analysis, 1947).
#[must_use]
pub fn sprt(successes: u32, failures: u32) -> Judgement {
    let ratio = f64::from(failures) * (P1 / P0).ln()
        + f64::from(successes) * ((1.0 - P1) / (1.0 - P0)).ln();
    if ratio >= ((1.0 - BETA) / ALPHA).ln() {
        Judgement::Fail
    } else if ratio <= (BETA / (1.0 - ALPHA)).ln() {
        Judgement::Pass
    } else {
        Judgement::Inconclusive
    }
}
