//! A bill of materials when the author has none: the plugin and the plugins it declares (CycloneDX 1.6).

use crate::manifest::Manifest;
use serde_json::{Value, json};

/// The document, without serial number and time so that packing stays deterministic.
pub fn document(manifest: &Manifest) -> Value {
    let own = format!("powerx:{}@{}", manifest.id, manifest.version);
    let mut component = json!({
        "type": "application",
        "bom-ref": own,
        "name": manifest.id,
        "version": manifest.version,
    });
    if let Some(description) = &manifest.description {
        component["description"] = json!(description);
    }
    if let Some(author) = &manifest.metadata.author {
        component["authors"] = json!([{ "name": author }]);
    }
    if let Some(license) = &manifest.metadata.license {
        component["licenses"] = json!([{ "license": { "name": license } }]);
    }
    let required = &manifest.dependencies.requires;
    let reference = |plugin: &px_model::PluginId| format!("powerx:{plugin}");
    let components: Vec<Value> = required
        .iter()
        .map(|dependency| {
            json!({
                "type": "application",
                "bom-ref": reference(&dependency.plugin),
                "name": dependency.plugin,
                "properties": [{ "name": "powerx:range", "value": dependency.range.to_string() }],
            })
        })
        .collect();
    let depends_on: Vec<String> = required.iter().map(|d| reference(&d.plugin)).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": component },
        "components": components,
        "dependencies": [{ "ref": own, "dependsOn": depends_on }],
    })
}

/// Whether the author's own document is one; says what it is instead.
pub fn check(bytes: &[u8]) -> Result<(), String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match value.get("bomFormat").and_then(Value::as_str) {
        Some("CycloneDX") => Ok(()),
        _ => Err("`bomFormat` is not CycloneDX".to_owned()),
    }
}
