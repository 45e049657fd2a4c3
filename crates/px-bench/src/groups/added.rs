//! What one way to the same thing adds to another. Each way is asked over a connection of its own,
//! one request each in turn, so that both meet the same moments of the machine; the difference of
//! two latencies means something only where it is larger than what chance makes of it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::figure::{Aim, Figure, median};

/// Rounds below which nothing is said about an aim.
const ROUNDS: usize = 20;

/// Standard error of a median in units of the median absolute deviation, times the square root of
/// the number of values: √(π/2) for the median of normal values, 1.4826 for their deviation.
const OF_MEDIAN: f64 = 1.858;

/// A way to the same thing.
#[derive(Debug, Clone)]
pub struct Way {
    /// What is asked.
    pub url: String,
    /// Bearer token.
    pub token: Option<String>,
}

/// A latency of two ways, µs, one value a round.
#[derive(Debug, Clone, Default)]
pub struct Rounds {
    /// Through what is measured.
    pub with: Vec<f64>,
    /// Without it.
    pub without: Vec<f64>,
}

/// Median and 99th percentile of each round.
#[derive(Debug, Clone, Default)]
pub struct InTurn {
    /// Medians.
    pub p50: Rounds,
    /// 99th percentiles.
    pub p99: Rounds,
}

/// Asks both ways in turn, `each` times a round; who is first changes with every pair. A warm-up
/// round is left out.
///
/// # Errors
/// When an answer is not 2xx.
pub async fn in_turn(with: Way, without: Way, rounds: u32, each: u32) -> anyhow::Result<InTurn> {
    // A thread of its own: no other task of this process is woken between question and answer.
    let asked = tokio::task::spawn_blocking(move || {
        let own = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        own.block_on(ask(&with, &without, rounds, each))
    });
    asked.await.context("the asking thread ended")?
}

async fn ask(with: &Way, without: &Way, rounds: u32, each: u32) -> anyhow::Result<InTurn> {
    let (one, other) = (with.request()?, without.request()?);
    let mut seen = InTurn::default();
    for round in 0..=rounds {
        let (mut through, mut beside) = (Vec::new(), Vec::new());
        for pair in 0..each {
            if pair % 2 == 0 {
                through.push(time(&one).await?);
                beside.push(time(&other).await?);
            } else {
                beside.push(time(&other).await?);
                through.push(time(&one).await?);
            }
        }
        if round == 0 {
            continue;
        }
        for (rounds, share) in [(&mut seen.p50, 50), (&mut seen.p99, 99)] {
            rounds.with.push(percentile(&mut through, share));
            rounds.without.push(percentile(&mut beside, share));
        }
    }
    Ok(seen)
}

type Asked = (reqwest::Client, reqwest::Request);

impl Way {
    /// A client that has nobody else's connections, and what it asks.
    fn request(&self) -> anyhow::Result<Asked> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut request = client.get(&self.url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = request.build()?;
        Ok((client, request))
    }
}

async fn time((client, request): &Asked) -> anyhow::Result<Duration> {
    let request = request.try_clone().context("a request without a body")?;
    let begun = Instant::now();
    let answer = client.execute(request).await?;
    let status = answer.status();
    answer.bytes().await?;
    let took = begun.elapsed();
    ensure!(status.is_success(), "answered {status}");
    Ok(took)
}

/// The value that `share` of a hundred values do not pass, µs.
fn percentile(values: &mut [Duration], share: usize) -> f64 {
    values.sort_unstable();
    let place = (values.len() * share).div_ceil(100).max(1) - 1;
    values[place].as_secs_f64() * 1e6
}

/// The difference of two latencies that were taken in turn, µs: the median of the rounds'
/// differences, with twice its standard error. `most` is the aim. It is met only when the difference
/// is one — the peer was not slower by chance —, and keeps below the aim with all it may be off by.
#[must_use]
pub fn added(name: &str, rounds: &Rounds, most: Option<f64>) -> Figure {
    let pairs = rounds.with.iter().zip(&rounds.without);
    let differences: Vec<f64> = pairs.map(|(with, without)| with - without).collect();
    let count = differences.len();
    let (difference, off) = (median(&differences), 2.0 * error(&differences));
    let note = format!(
        "{} through the gateway, {} without it, asked in turn; difference of {count} rounds \
         {difference:.0} ± {off:.0} µs (twice the standard error of their median)",
        told(&rounds.with),
        told(&rounds.without),
    );
    let figure = Figure::new(name, difference, "µs");
    let Some(most) = most else {
        return figure.note(note);
    };
    let figure = figure.aim(Aim::AtMost(most));
    if difference <= 0.0 || count < ROUNDS || (difference <= most && difference + off > most) {
        return figure
            .unproven()
            .note(format!("{note}: too uncertain to say that the aim is met"));
    }
    figure.note(note)
}

/// Standard error of the median, from how far a middling value lies from it.
fn error(values: &[f64]) -> f64 {
    let middle = median(values);
    let far: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    #[expect(clippy::cast_precision_loss, reason = "tens of rounds")]
    let count = values.len() as f64;
    OF_MEDIAN * median(&far) / count.sqrt()
}

/// A middling round, and the half of all rounds around it.
fn told(values: &[f64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| sorted[(sorted.len() * share / 100).min(sorted.len() - 1)];
    format!("{:.0} µs ({:.0} to {:.0})", median(values), at(25), at(75))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds whose values repeat `pattern` around 200 µs, and the same with `by` more.
    fn rounds(pattern: &[f64], by: f64, count: usize) -> Rounds {
        let around = |off: f64| {
            pattern
                .iter()
                .cycle()
                .take(count)
                .map(move |v| 200.0 + v + off)
        };
        Rounds {
            with: around(by).collect(),
            without: around(0.0).collect(),
        }
    }

    fn met(rounds: &Rounds) -> Option<bool> {
        added("added", rounds, Some(100.0)).met
    }

    #[test]
    fn only_a_difference_that_is_one_meets_an_aim() {
        let calm = [0.0, 4.0, -2.0, 1.0, 2.0];
        assert_eq!(met(&rounds(&calm, 50.0, 20)), Some(true));
        assert_eq!(met(&rounds(&calm, 150.0, 20)), Some(false));
        assert_eq!(
            met(&rounds(&calm, -50.0, 20)),
            Some(false),
            "a disturbed peer"
        );
        assert_eq!(met(&rounds(&calm, 50.0, 19)), Some(false), "few rounds");
    }

    #[test]
    fn more_rounds_tell_a_difference_from_noise() {
        let wild = |count| {
            let mut rounds = rounds(&[0.0], 60.0, count);
            let noise = [-90.0, 80.0, -70.0, 100.0, 0.0];
            for (value, noise) in rounds.with.iter_mut().zip(noise.iter().cycle()) {
                *value += noise;
            }
            added("added", &rounds, Some(100.0))
        };
        assert_eq!(wild(20).met, Some(false), "{}", wild(20).note);
        assert_eq!(wild(100).met, Some(true), "{}", wild(100).note);
        assert!(
            wild(100).note.contains("100 rounds 60 ± 30 µs"),
            "{}",
            wild(100).note
        );
    }

    #[test]
    fn percentiles_are_of_the_values_asked_for() {
        let mut values: Vec<Duration> = (1..=200).rev().map(Duration::from_micros).collect();
        let of = |values: &mut [Duration], share| percentile(values, share).round();
        assert!((of(&mut values, 50) - 100.0).abs() < 0.1);
        assert!((of(&mut values, 99) - 198.0).abs() < 0.1);
        assert!((of(&mut values[..1], 99) - 1.0).abs() < 0.1);
    }
}
