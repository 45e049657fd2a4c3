//! Properties of the two state tables over arbitrary walks.

use crate::{InstallState, VersionState};
use proptest::prelude::*;

/// A walk: each number picks one of the states that may follow.
fn version_walk(picks: &[usize]) -> Vec<VersionState> {
    let mut walk = vec![VersionState::Draft];
    for pick in picks {
        let next = walk[walk.len() - 1].next();
        if next.is_empty() {
            break;
        }
        walk.push(next[pick % next.len()]);
    }
    walk
}

fn install_walk(picks: &[usize]) -> Vec<InstallState> {
    let mut walk = vec![InstallState::Requested];
    for pick in picks {
        let next = walk[walk.len() - 1].next();
        if next.is_empty() {
            break;
        }
        walk.push(next[pick % next.len()]);
    }
    walk
}

fn picks() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..60_usize, 0..60)
}

proptest! {
    #[test]
    fn whatever_is_listed_was_scanned_and_decided_since_its_bytes_last_changed(picks in picks()) {
        use VersionState::{Approved, Blocked, Listed, Scanning};
        let (mut scanned, mut decided, mut ever) = (false, false, false);
        for state in version_walk(&picks) {
            if state.accepts_bytes() {
                (scanned, decided, ever) = (false, false, false);
            }
            scanned |= state == Scanning;
            decided |= state == Approved;
            if state == Blocked {
                prop_assert!(scanned, "blocked without a scan");
            }
            if state == Listed {
                prop_assert!((scanned && decided) || ever, "listed without a decision");
                ever = true;
            }
        }
    }

    #[test]
    fn the_table_and_its_check_agree(a in 0..VersionState::ALL.len(), b in 0..VersionState::ALL.len(),
        c in 0..InstallState::ALL.len(), d in 0..InstallState::ALL.len()) {
        let (a, b) = (VersionState::ALL[a], VersionState::ALL[b]);
        prop_assert_eq!(a.advance(b).is_ok(), a.next().contains(&b));
        let (c, d) = (InstallState::ALL[c], InstallState::ALL[d]);
        prop_assert_eq!(c.advance(d).is_ok(), c.next().contains(&d));
    }

    #[test]
    fn an_install_passes_the_straight_way_in_order_and_once(picks in picks()) {
        let walk = install_walk(&picks);
        let steps: Vec<usize> = walk.iter().filter_map(|state| state.step()).collect();
        let expected: Vec<usize> = (0..steps.len()).collect();
        prop_assert_eq!(steps, expected);
    }

    #[test]
    fn an_install_that_touched_traffic_ends_served_taken_back_or_held(picks in picks()) {
        use InstallState::{Committed, Quarantined, RolledBack};
        let walk = install_walk(&picks);
        let touched = walk.iter().position(|state| state.touched_traffic());
        if let Some(at) = touched {
            let end = walk[walk.len() - 1];
            let ended = end.next().is_empty();
            prop_assert!(!ended || matches!(end, Committed | RolledBack | Quarantined));
            let back = walk[at..].iter().any(|state| !state.touched_traffic() && !state.is_final());
            prop_assert!(!back, "before traffic again");
        }
    }
}
