//! Prepares the tenant's data folder before a new version starts.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let data = PathBuf::from(std::env::var("POWERX_DATA_DIR").unwrap_or_else(|_| "data".to_owned()));
    {{crate_file}}::totals::migrate(&data)
}
