//! Bringing a release to many tenants, a few first.

mod explain;
mod plan;
mod rings;
mod verdict;

pub use explain::{Situation, explain};
pub use plan::{BatchRow, Member, MemberState, RolloutState, Step, View, plan_rollout};
pub use rings::{Candidate, Ring, assign, default_rings, place, rings_of};
pub use verdict::{Judgement, sprt};
