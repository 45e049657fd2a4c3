//! Version ranges as sets of versions, for the solver.

use pubgrub::Ranges;
use semver::{Comparator, Op, Prerelease, Version, VersionReq};
use std::fmt;

/// A version as the solver sees it; its text leaves out the marks that only serve as borders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Point(pub Version);

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = &self.0;
        if v.pre.as_str() == "0" {
            write!(f, "{}.{}.{}", v.major, v.minor, v.patch)
        } else {
            v.fmt(f)
        }
    }
}

/// The versions that satisfy every comparator.
///
/// Upper borders exclude the pre-releases of the version they name, as `semver` does.
pub(crate) fn ranges(req: &VersionReq) -> Ranges<Point> {
    req.comparators
        .iter()
        .fold(Ranges::full(), |set, c| set.intersection(&comparator(c)))
}

fn comparator(c: &Comparator) -> Ranges<Point> {
    let low = version(
        c.major,
        c.minor.unwrap_or(0),
        c.patch.unwrap_or(0),
        c.pre.clone(),
    );
    match c.op {
        Op::Exact | Op::Wildcard => match (c.minor, c.patch) {
            (Some(_), Some(_)) => Ranges::singleton(low),
            (Some(minor), None) => {
                Ranges::between(low, border(c.major, minor.saturating_add(1), 0))
            }
            _ => Ranges::between(low, border(c.major.saturating_add(1), 0, 0)),
        },
        Op::Greater => match (c.minor, c.patch) {
            (Some(_), Some(_)) => Ranges::strictly_higher_than(low),
            (Some(minor), None) => Ranges::higher_than(border(c.major, minor.saturating_add(1), 0)),
            _ => Ranges::higher_than(border(c.major.saturating_add(1), 0, 0)),
        },
        Op::GreaterEq => Ranges::higher_than(low),
        Op::Less => Ranges::strictly_lower_than(if c.pre.is_empty() {
            border(c.major, c.minor.unwrap_or(0), c.patch.unwrap_or(0))
        } else {
            low
        }),
        Op::LessEq => match (c.minor, c.patch) {
            (Some(_), Some(_)) => Ranges::lower_than(low),
            (Some(minor), None) => {
                Ranges::strictly_lower_than(border(c.major, minor.saturating_add(1), 0))
            }
            _ => Ranges::strictly_lower_than(border(c.major.saturating_add(1), 0, 0)),
        },
        Op::Tilde => match c.minor {
            Some(minor) => Ranges::between(low, border(c.major, minor.saturating_add(1), 0)),
            None => Ranges::between(low, border(c.major.saturating_add(1), 0, 0)),
        },
        Op::Caret => Ranges::between(low, caret(c)),
        // An operator of a later release of `semver` matches nothing rather than everything.
        _ => Ranges::empty(),
    }
}

fn caret(c: &Comparator) -> Point {
    match (c.major, c.minor, c.patch) {
        (0, Some(0), Some(patch)) => border(0, 0, patch.saturating_add(1)),
        (0, Some(0), None) => border(0, 1, 0),
        (0, Some(minor), _) => border(0, minor.saturating_add(1), 0),
        (major, _, _) => border(major.saturating_add(1), 0, 0),
    }
}

fn version(major: u64, minor: u64, patch: u64, pre: Prerelease) -> Point {
    Point(Version {
        major,
        minor,
        patch,
        pre,
        build: semver::BuildMetadata::EMPTY,
    })
}

/// Just below every pre-release of a version.
fn border(major: u64, minor: u64, patch: u64) -> Point {
    let pre = Prerelease::new("0").unwrap_or(Prerelease::EMPTY);
    version(major, minor, patch, pre)
}
