//! One module per command: its arguments and `run(args, &Session) -> Result<Outcome, Failure>`.

pub mod completions;
pub mod explain;
pub mod version;
