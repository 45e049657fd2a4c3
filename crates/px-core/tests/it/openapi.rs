//! The checked-in description of the API is the one the program serves.

use std::path::Path;

/// Set to write the file anew after a wanted change.
const UPDATE: &str = "PX_UPDATE_OPENAPI";

#[test]
fn the_file_describes_what_is_served() {
    let served = serde_json::to_value(px_core::http::openapi()).unwrap();
    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((line, (old, new))) = file
        .lines()
        .zip(text.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new)
    {
        panic!(
            "openapi.json line {}: `{old}` is now `{new}`; write it anew with {UPDATE}=1",
            line + 1
        );
    }
    assert_eq!(file.len(), text.len(), "write it anew with {UPDATE}=1");
    assert_eq!(served["openapi"], "3.1.0");
}
