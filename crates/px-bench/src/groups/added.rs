//! What one way to the same thing adds to another: a difference of two latencies, which means
//! something only where it is larger than what either of them varies by.

use crate::figure::{Aim, Figure, median};

/// Rounds below which nothing is said about an aim.
const ROUNDS: usize = 5;

/// The difference of two latencies that were taken in turn, µs, with both of them and what they vary
/// by in the note. `most` is the aim. It is met only when the difference is one — the peer was not
/// slower by chance —, and keeps below the aim with all it may vary by.
#[must_use]
pub fn added(name: &str, ours: &[f64], theirs: &[f64], most: Option<f64>) -> Figure {
    let (with, without) = (median(ours), median(theirs));
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
    let (difference, varies) = (with - without, spread(&differences));
    let rounds = differences.len();
    let note = format!(
        "{with:.0} µs through the gateway ({}), {without:.0} µs without it ({}), in turn; the difference \
         of a round is {difference:.0} ± {varies:.0} µs",
        list(ours),
        list(theirs),
    );
    let figure = Figure::new(name, difference, "µs");
    let Some(most) = most else {
        return figure.note(note);
    };
    let figure = figure.aim(Aim::AtMost(most));
    if difference <= 0.0 || rounds < ROUNDS || (difference <= most && difference + varies > most) {
        return figure
            .unproven()
            .note(format!("{note}: too uncertain to say that the aim is met"));
    }
    figure.note(note)
}

/// How far a middling measurement lies from the median.
fn spread(values: &[f64]) -> f64 {
    let middle = median(values);
    median(
        &values
            .iter()
            .map(|value| (value - middle).abs())
            .collect::<Vec<_>>(),
    )
}

fn list(values: &[f64]) -> String {
    let each: Vec<String> = values.iter().map(|value| format!("{value:.0}")).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(ours: &[f64], theirs: &[f64]) -> Option<bool> {
        added("added", ours, theirs, Some(100.0)).met
    }

    #[test]
    fn only_a_difference_that_is_one_meets_an_aim() {
        let calm = [200.0, 204.0, 198.0, 201.0, 202.0];
        let more = |by: f64| calm.map(|value| value + by);
        assert_eq!(met(&more(50.0), &calm), Some(true));
        assert_eq!(met(&more(150.0), &calm), Some(false));
        assert_eq!(
            met(&calm, &more(50.0)),
            Some(false),
            "the peer was disturbed"
        );
        assert_eq!(met(&more(50.0)[..4], &calm[..4]), Some(false), "few rounds");
        let wild = [200.0, 20.0, 380.0, 120.0, 300.0];
        let wilder = [250.0, 290.0, 110.0, 420.0, 90.0];
        assert_eq!(met(&wilder, &wild), Some(false), "noise");
        let figure = added("added", &more(50.0), &calm, None);
        assert_eq!((figure.met, figure.value), (None, 50.0));
        assert!(figure.note.contains("251 µs through") && figure.note.contains("201 µs without"));
    }
}
