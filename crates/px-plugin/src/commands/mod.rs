//! One module per command: its arguments and `run(args, &Session) -> Result<Outcome, Failure>`.

pub mod check;
pub mod completions;
pub mod doctor;
pub mod explain;
pub mod init;
pub mod inspect;
pub mod keys;
pub mod login;
pub mod pack;
pub mod publish;
pub mod sign;
pub mod status;
pub mod verify;
pub mod version;
pub mod withdraw;
