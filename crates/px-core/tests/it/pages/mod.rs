//! The pages of PowerX admin, visited as a browser does.

mod acts;
mod browser;
mod looks;
mod rights;
mod wizard;
mod words;

#[path = "../../../examples/admin_pages/seed.rs"]
#[allow(dead_code, reason = "the example uses more of it")]
mod seed;
#[path = "../../../examples/admin_pages/story.rs"]
mod story;
