//! The OpenAPI document is a reviewed file.

/// Set `PX_UPDATE_OPENAPI=1` to write the file anew.
#[test]
fn the_checked_in_document_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let document = px_market::http::document();
    let generated = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("PX_UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == generated,
        "run with PX_UPDATE_OPENAPI=1 and review the difference"
    );
    assert!(generated.contains("\"openapi\": \"3.1.0\""));
}
