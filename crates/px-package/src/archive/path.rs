//! Which names an entry may have.

use super::fault::ArchiveFault;
use super::limits::Limits;
use unicode_normalization::UnicodeNormalization;

const REMEDY: &str = "use relative paths of plain characters with `/` between folders";
/// Device names of Windows: a file called `aux.txt` is the device there (ARC-01).
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Everything that is wrong with a name (ARC-01, ARC-03, ARC-11).
pub fn check(name: &str, limits: &Limits) -> Vec<ArchiveFault> {
    let mut faults = Vec::new();
    let mut fault =
        |rule, message: String| faults.push(ArchiveFault::of(rule, name, message, REMEDY));
    if let Some(problem) = escape(name) {
        fault("ARC-01", problem);
    }
    if let Some(c) = name.chars().find(|c| c.is_control() || is_invisible(*c)) {
        fault(
            "ARC-11",
            format!(
                "the name holds the invisible character {}",
                c.escape_unicode()
            ),
        );
    }
    let longest = name.split('/').map(str::len).max().unwrap_or(0);
    if name.len() > limits.max_path || longest > 200 {
        let max = limits.max_path;
        fault(
            "ARC-03",
            format!(
                "the name has {} bytes; at most {max}, and 200 between two `/`, are allowed",
                name.len()
            ),
        );
    }
    faults
}

/// Why a name could lead out of its folder or mean something else on another system.
fn escape(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the name is empty".to_owned());
    }
    if name.starts_with('/') {
        return Some("the path is absolute".to_owned());
    }
    if let Some(c) = name.chars().find(|c| "\\:<>\"|?*".contains(*c)) {
        return Some(format!("the path holds `{c}`"));
    }
    let body = name.strip_suffix('/').unwrap_or(name);
    body.split('/').find_map(part)
}

fn part(part: &str) -> Option<String> {
    match part {
        "" => Some("the path has an empty part".to_owned()),
        "." | ".." => Some(format!("the path has the part `{part}`")),
        _ if part.ends_with(['.', ' ']) || part.starts_with(' ') => Some(format!(
            "`{part}` begins or ends with a space or ends with a dot, which some systems drop"
        )),
        _ if is_device(part) => Some(format!("`{part}` is a device name on Windows")),
        _ => None,
    }
}

fn is_device(part: &str) -> bool {
    let stem = part
        .split('.')
        .next()
        .unwrap_or(part)
        .trim_end()
        .to_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut chars = rest.chars();
            matches!(
                (chars.next(), chars.next()),
                (Some('0'..='9' | '¹' | '²' | '³'), None)
            )
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Format characters that are not seen: directional, zero-width, tags, variation selectors (ARC-11).
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// What a name becomes on a system that folds case and normalises; equal keys are one file there (ARC-05).
pub fn folded(name: &str) -> String {
    let body = name.strip_suffix('/').unwrap_or(name);
    let upper: String = body.nfc().flat_map(char::to_uppercase).collect();
    upper.chars().flat_map(char::to_lowercase).nfc().collect()
}
