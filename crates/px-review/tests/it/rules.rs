//! Every content rule against its fixtures.

use crate::context::{catalog, market};
use crate::fixtures::all;
use crate::plugin::found;
use px_review::{CheckId, Context, Severity};

fn context() -> Context {
    market(catalog(&[]))
}

#[test]
fn every_rule_finds_its_fixtures_and_leaves_their_twins_alone() {
    let context = context();
    let mut wrong = String::new();
    for fixture in all() {
        // Packing leaves litter out, so an archive that holds some was made by other means.
        let plugin = (fixture.make)();
        let litter = fixture.check == CheckId::Arc09;
        let report = if litter {
            plugin.check_raw(&context)
        } else {
            plugin.check(&context)
        };
        let hits = found(&report, fixture.check);
        // A warning beside the rule's own severity (a missing licence text) is not what the fixture is about.
        let least = fixture.check.info().severity.min(Severity::Hold);
        let spoke = hits.iter().any(|f| f.severity >= least);
        if spoke != fixture.bad {
            let what = if fixture.bad { "missed" } else { "false alarm" };
            wrong.push_str(&format!(
                "{what}: {} {}: {hits:?} {:?}\n",
                fixture.check,
                fixture.name,
                report.outcome(fixture.check)
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn false_alarms_over_the_benign_set_stay_below_two_per_cent() {
    let context = context();
    let benign: Vec<_> = all().filter(|f| !f.bad).collect();
    let mut alarms = Vec::new();
    for fixture in &benign {
        let report = (fixture.make)().check(&context);
        let verdict = &report.verdict;
        if !verdict.blocking.is_empty()
            || !verdict.holding.is_empty()
            || !verdict.unreadable.is_empty()
        {
            alarms.push(format!(
                "{}: {:?}",
                fixture.name,
                report
                    .findings()
                    .filter(|f| f.severity >= Severity::Hold)
                    .collect::<Vec<_>>()
            ));
        }
    }
    let rate = alarms.len() as f64 * 100.0 / benign.len() as f64;
    #[allow(clippy::print_stdout)]
    {
        println!(
            "false alarms: {} of {} benign plugins ({rate:.1} %)",
            alarms.len(),
            benign.len()
        );
    }
    assert!(rate < 2.0, "{alarms:#?}");
}

#[test]
fn every_content_rule_has_both_kinds_of_fixture() {
    // These have their fixtures in modules of their own: they need archives, a catalog, keys or a sandbox.
    let elsewhere = |id: CheckId| {
        let text = id.as_str();
        use CheckId as C;
        text.starts_with("DEP")
            || (text.starts_with("ARC") && !matches!(id, C::Arc08 | C::Arc09))
            || matches!(
                id,
                C::Man03 | C::Man04 | C::Man05 | C::Man06 | C::Man08 | C::Cmp04 | C::Prv01
            )
    };
    let fixtures: Vec<_> = all().collect();
    for info in px_review::CATALOGUE
        .iter()
        .filter(|info| !elsewhere(info.id))
    {
        for bad in [true, false] {
            assert!(
                fixtures.iter().any(|f| f.check == info.id && f.bad == bad),
                "{} {bad}",
                info.id
            );
        }
    }
}
