//! What the servers must survive, tried on the real program.

mod bundles;
mod client;
mod clocks;
mod disk;
mod installs;
mod invariants;
mod many;
mod matrix;
mod noticed;
mod release;
mod rows;
mod scene;
mod site;
mod thousand;
mod versions;
mod wishes;

#[expect(clippy::print_stderr, reason = "a test that did not run says so")]
fn left_out(why: &str) {
    eprintln!("left out: {why}");
}
