//! The rows of the matrix: one for each state of the two state tables. A state without a row does
//! not compile.

use px_model::{InstallState, VersionState};
use px_store::When::{self, After, Before, Done};

/// What happens in a state.
pub enum Row<W: 'static> {
    /// Programs work in it, in these steps.
    Works(&'static [Cell<W>]),
    /// Nothing works in it, so nothing can be cut off; why.
    Rests(&'static str),
}

/// A step of a state's work, and how a client brings somebody there.
pub struct Cell<W> {
    /// The state's name, or the step's.
    pub step: &'static str,
    /// Moments at which it can be stopped, the usual one first; every fault is put at each of them.
    pub moments: &'static [When],
    pub way: W,
}

/// What a tenant does so that an install comes to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallWay {
    /// Upgrades.
    Upgrade,
    /// Upgrades, and takes the version back after its commit.
    TakeBack,
    /// Asks for a later time, and cancels.
    Cancel,
    /// Names a wrong digest.
    WrongDigest,
}

/// What an author and the people of the Marketplace do so that a version comes to a state; all of
/// them end with the version listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionWay {
    /// Publishes, and it is approved.
    Straight,
    /// It is given back once.
    Changes,
    /// It is refused once.
    Reject,
    /// The author takes it back once.
    Withdraw,
    /// The bytes of the first try are not the ones registered.
    WrongBytes,
    /// It is quarantined once after the listing.
    Quarantine,
}

/// The row of an install state.
pub const fn install_row(state: InstallState) -> Row<InstallWay> {
    use InstallState as S;
    use InstallWay::{Cancel, TakeBack, Upgrade, WrongDigest};
    macro_rules! works {
        ($step:literal, $way:expr, $moments:expr) => {
            Row::Works(&[Cell {
                step: $step,
                moments: $moments,
                way: $way,
            }])
        };
    }
    const ALL: &[When] = &[Before, Done, After];
    // The end is written; what is left to do is to remove what is not needed any more. When that is
    // done nothing is to be written, and nothing leaves the state.
    const TIDY: &[When] = &[Before];
    // As above, but a person may take it back, which leaves the state.
    const KEPT: &[When] = &[Before, After];
    match state {
        S::Requested => works!("requested", Upgrade, ALL),
        S::Resolved => works!("resolved", Upgrade, ALL),
        S::Waiting => works!("waiting", Upgrade, ALL),
        S::Fetching => works!("fetching", Upgrade, ALL),
        S::Verified => works!("verified", Upgrade, ALL),
        S::Staged => works!("staged", Upgrade, ALL),
        S::Preflight => works!("preflight", Upgrade, ALL),
        S::Snapshotted => works!("snapshotted", Upgrade, ALL),
        S::Activating => works!("activating", Upgrade, ALL),
        S::Probation => works!("probation", Upgrade, ALL),
        S::Committed => works!("committed", TakeBack, KEPT),
        S::RollingBack => works!("rolling_back", TakeBack, ALL),
        S::RolledBack => works!("rolled_back", TakeBack, TIDY),
        S::Failed => works!("failed", WrongDigest, TIDY),
        S::Cancelled => works!("cancelled", Cancel, TIDY),
        S::Superseded => Row::Rests(
            "entered in the transaction of the request that takes its place; it has brought nothing",
        ),
        S::Quarantined => {
            Row::Rests("waits for an operator; what it brought is kept for that person on purpose")
        }
    }
}

/// The row of a version's state.
pub const fn version_row(state: VersionState) -> Row<VersionWay> {
    use VersionState as S;
    use VersionWay::{Changes, Quarantine, Reject, Straight, Withdraw, WrongBytes};
    macro_rules! works {
        ($($step:literal, $way:expr, $moments:expr);+) => {
            Row::Works(&[$(Cell { step: $step, moments: $moments, way: $way }),+])
        };
    }
    // A person's request: its transaction is the work, so it can be cut off before the answer only.
    // Cut off earlier, nothing is written, as if the request had not come.
    const ASKED: &[When] = &[After];
    // The work is the transaction that leaves the state: when it is done it is written.
    const LEFT: &[When] = &[Before, After];
    // One step of several: the state is left after the last of them.
    const STEP: &[When] = &[Before, Done];
    match state {
        S::Draft => works!("draft", Straight, LEFT),
        S::Uploading => works!("uploading", Straight, &[Before, Done, After]),
        S::Submitted => works!("submitted", Straight, LEFT),
        S::Scanning => works!(
            "scanning.intake", Straight, STEP;
            "scanning.checks", Straight, STEP;
            "scanning.compatibility", Straight, STEP;
            "scanning", Straight, &[After]
        ),
        S::InReview => works!("in_review", Straight, ASKED),
        // Inside the transaction that lists it; nobody outside ever sees it, so there is no other moment.
        S::Approved => works!("approved", Straight, &[Before]),
        S::Listed => works!("listed", Straight, STEP; "listed", Quarantine, ASKED),
        S::ChangesRequested => works!("changes_requested", Changes, ASKED),
        S::Rejected => works!("rejected", Reject, ASKED),
        S::Blocked => works!("blocked", WrongBytes, ASKED),
        S::Withdrawn => works!("withdrawn", Withdraw, ASKED),
        S::Quarantined => works!("quarantined", Quarantine, ASKED),
        S::Recalled => Row::Rests("the end of a version; cores were told by the event"),
    }
}

/// Steps of a machine with the moment at which each is stopped: those that have the moment asked
/// for, or every one at its usual moment when none is asked for.
pub fn cells<W: Copy + 'static>(
    rows: impl Iterator<Item = Row<W>>,
    wanted: Option<When>,
) -> Vec<(&'static str, When, W)> {
    let mut all = Vec::new();
    for row in rows {
        match row {
            Row::Works(cells) => all.extend(cells.iter().filter_map(|cell| {
                let when = wanted.unwrap_or(cell.moments[0]);
                let has = cell.moments.contains(&when);
                has.then_some((cell.step, when, cell.way))
            })),
            Row::Rests(why) => assert!(why.len() > 10, "a state that rests says why"),
        }
    }
    all
}

#[test]
fn every_working_state_is_stopped_at_every_moment_it_has() {
    let installs = || InstallState::ALL.iter().map(|s| install_row(*s));
    let versions = || VersionState::ALL.iter().map(|s| version_row(*s));
    let mut met = std::collections::BTreeSet::new();
    for when in When::ALL {
        let all = cells(installs(), Some(when))
            .into_iter()
            .map(|c| ("install", c.0, c.1));
        met.extend(all);
        let all = cells(versions(), Some(when))
            .into_iter()
            .map(|c| ("version", c.0, c.1));
        met.extend(all);
    }
    for (machine, row) in installs()
        .map(|r| ("install", moments(&r)))
        .chain(versions().map(|r| ("version", moments(&r))))
    {
        for (step, when) in row {
            assert!(
                met.contains(&(machine, step, when)),
                "{machine} {step} {when:?}"
            );
        }
    }
    for (usual, rows) in [
        (
            cells(installs(), None).len(),
            installs().map(|r| steps(&r)).sum::<usize>(),
        ),
        (
            cells(versions(), None).len(),
            versions().map(|r| steps(&r)).sum(),
        ),
    ] {
        assert_eq!(usual, rows, "every step has a usual moment");
    }
    // Every final state either is tidied up after, or says why nothing is to be done.
    for state in InstallState::ALL.iter().filter(|s| s.is_final()) {
        let row = install_row(*state);
        assert!(matches!(row, Row::Rests(_)) || !moments(&row).is_empty());
    }
}

fn steps<W: 'static>(row: &Row<W>) -> usize {
    match row {
        Row::Rests(_) => 0,
        Row::Works(cells) => cells.len(),
    }
}

fn moments<W: 'static>(row: &Row<W>) -> Vec<(&'static str, When)> {
    match row {
        Row::Rests(_) => Vec::new(),
        Row::Works(cells) => {
            let all = cells.iter();
            all.flat_map(|c| c.moments.iter().map(|m| (c.step, *m)))
                .collect()
        }
    }
}
