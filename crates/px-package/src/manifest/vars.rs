//! `${NAME}` and `${NAME:-default}` in manifest values.

/// Replaces every `${NAME}` and `${NAME:-default}` by what `lookup` knows, else by the default, else by
/// nothing. `:-` also replaces an empty value, as in a POSIX shell. Anything that is not of these forms
/// stays as it is; replaced text is not expanded again.
#[must_use]
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, tail) = rest.split_at(start);
        out.push_str(before);
        match variable(&tail[2..]) {
            Some((name, default, after)) => {
                let value = lookup(name).filter(|value| default.is_none() || !value.is_empty());
                out.push_str(value.as_deref().or(default).unwrap_or(""));
                rest = after;
            }
            None => {
                out.push_str("${");
                rest = &tail[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Names of the variables a value refers to, in order.
#[must_use]
pub fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        rest = &rest[start + 2..];
        if let Some((name, _, after)) = variable(rest) {
            names.push(name);
            rest = after;
        }
    }
    names
}

/// Splits `NAME:-default}after`.
fn variable(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (body, after) = text.split_once('}')?;
    let (name, default) = match body.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (body, None),
    };
    let mut bytes = name.bytes();
    let starts = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    (starts && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .then_some((name, default, after))
}
