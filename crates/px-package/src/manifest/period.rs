//! Lengths of time as manifests write them: `500ms`, `10s`, `1m30s`, `2h`, `30d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, between nothing and a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

/// Text that is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time such as `10s`, `500ms` or `1m30s`")]
pub struct PeriodError(String);

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const MAX_MILLIS: u64 = 100 * 366 * 86_400_000;

impl Period {
    /// Wraps a duration, cut to whole milliseconds.
    #[must_use]
    pub fn new(duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(MAX_MILLIS);
        Self(Duration::from_millis(millis.min(MAX_MILLIS)))
    }

    /// The length.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    /// Numbers with units, largest first; a bare whole number is seconds. A fraction such as `1.5s` is allowed.
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let fail = || PeriodError(text.chars().take(40).collect());
        let mut rest = text.trim();
        if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) {
            let seconds: u64 = rest.parse().map_err(|_| fail())?;
            return bounded(seconds.saturating_mul(1000)).ok_or_else(fail);
        }
        let mut millis = 0_u64;
        let mut last = u64::MAX;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(fail)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let scale = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(fail)?
                .1;
            if scale >= last {
                return Err(fail());
            }
            let part = scaled(number, scale).ok_or_else(fail)?;
            millis = millis.saturating_add(part);
            last = scale;
            rest = tail;
        }
        if last == u64::MAX {
            return Err(fail());
        }
        bounded(millis).ok_or_else(fail)
    }
}

fn bounded(millis: u64) -> Option<Period> {
    (millis <= MAX_MILLIS).then(|| Period(Duration::from_millis(millis)))
}

/// A decimal number of units in milliseconds, without floating point.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 6 || fraction.contains('.') {
        return None;
    }
    let base = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    let power = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    base.checked_add(fraction.parse::<u64>().ok()?.checked_mul(scale)? / power)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return f.write_str("0s");
        }
        for (unit, scale) in UNITS {
            if millis >= scale {
                write!(f, "{}{unit}", millis / scale)?;
                millis %= scale;
            }
        }
        Ok(())
    }
}

impl serde::Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
