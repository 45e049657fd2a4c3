//! The schedule of attempts.

use jiff::Timestamp;
use proptest::prelude::*;
use px_notify::Schedule;

#[test]
fn nine_attempts_fall_within_half_an_hour_and_three_more_on_the_days_after() {
    let schedule = Schedule::default();
    let base = Timestamp::UNIX_EPOCH;
    let seconds: Vec<_> = (0..schedule.attempts())
        .map(|made| {
            let due = schedule.due(base, made, u32::MAX / 2).unwrap();
            (due.as_millisecond() + 500) / 1000
        })
        .collect();
    insta::assert_compact_json_snapshot!(seconds, @"[0, 5, 15, 45, 120, 300, 600, 1080, 1560, 86400, 172800, 259200]");
    assert_eq!(schedule.due(base, 12, 0), None);
    let latest = schedule.due(base, 8, u32::MAX).unwrap();
    assert!(latest.as_second() < 30 * 60);
}

proptest! {
    #[test]
    fn jitter_stays_within_a_fifth_of_the_step_and_never_reorders(made in 1_usize..12, chance: u32, before: u32) {
        let schedule = Schedule::default();
        let base = Timestamp::from_second(1_800_000_000).unwrap();
        let exact = |n| schedule.due(base, n, u32::MAX / 2).unwrap().as_second();
        let step = exact(made) - exact(made - 1);
        let due = schedule.due(base, made, chance).unwrap().as_second();
        prop_assert!((due - exact(made)).abs() <= step / 5 + 1);
        prop_assert!(due >= schedule.due(base, made - 1, before).unwrap().as_second());
    }
}
