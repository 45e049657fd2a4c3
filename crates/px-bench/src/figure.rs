//! What was measured, beside what, and what was aimed at.

use serde::Serialize;

/// Which way a figure must lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Aim {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// The ratio to the peer is at least this.
    Ratio(f64),
}

/// A program or loop that did the same in the same run.
#[derive(Debug, Clone, Serialize)]
pub struct Peer {
    /// What it is.
    pub name: String,
    /// Its figure, in the unit of the figure beside it.
    pub value: f64,
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Who did the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// How good we are against the peer: above 1 is better, whatever the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// What was aimed at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
    /// Whether the aim was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// What a reader must know.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Whether more or less is better, by unit.
fn more_is_better(unit: &str) -> bool {
    unit.ends_with("/s")
}

impl Figure {
    /// A figure without company.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            peer: None,
            ratio: None,
            aim: None,
            met: None,
            note: String::new(),
        }
    }

    /// Who did the same in the same run; the ratio is above 1 when we are better.
    #[must_use]
    pub fn beside(mut self, name: impl Into<String>, value: f64) -> Self {
        let name = name.into();
        self.ratio = Some(if more_is_better(self.unit) {
            self.value / value
        } else {
            value / self.value
        });
        self.peer = Some(Peer { name, value });
        self
    }

    /// What was aimed at.
    #[must_use]
    pub fn aim(mut self, aim: Aim) -> Self {
        self.met = match aim {
            Aim::AtLeast(least) => Some(self.value >= least),
            Aim::AtMost(most) => Some(self.value <= most),
            Aim::Ratio(least) => self.ratio.map(|ratio| ratio >= least),
        };
        self.aim = Some(aim);
        self
    }

    /// Whatever the figure is, it does not show that the aim is met.
    #[must_use]
    pub const fn unproven(mut self) -> Self {
        self.met = Some(false);
        self
    }

    /// What a reader must know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Figures that were taken together.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Name, as for `--only`.
    pub name: &'static str,
    /// What is measured and how.
    pub about: &'static str,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Why figures are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Seconds the group took.
    pub seconds: f64,
}

/// The middle one of some measurements; the mean of the two middle ones of an even number.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The measurement that a share `q` of them did not exceed (nearest rank); the median of an even
/// number is the mean of the middle two.
#[must_use]
pub fn percentile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return f64::NAN;
    }
    let half = sorted.len() / 2;
    if (q - 0.5).abs() < f64::EPSILON && sorted.len().is_multiple_of(2) {
        return f64::midpoint(sorted[half - 1], sorted[half]);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among few measurements"
    )]
    let rank = (sorted.len() as f64 * q).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_say_how_much_better_we_are() {
        let rate = Figure::new("a", 90.0, "requests/s").beside("b", 100.0);
        assert_eq!(rate.ratio, Some(0.9));
        assert_eq!(rate.aim(Aim::Ratio(0.9)).met, Some(true));
        let time = Figure::new("a", 2.0, "s").beside("b", 1.0);
        assert_eq!(time.ratio, Some(0.5));
        assert_eq!(time.aim(Aim::AtMost(1.0)).met, Some(false));
    }

    #[test]
    fn medians_and_percentiles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        let many: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&many, 0.99), 99.0);
        assert!(median(&[]).is_nan());
    }
}
