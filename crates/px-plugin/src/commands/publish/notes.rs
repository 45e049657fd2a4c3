//! Release notes: a file, or the changelog's entry for the version.

use std::path::Path;

use px_model::Version;
use px_package::names::CHANGELOG;

use crate::failure::Failure;
use crate::files;
use crate::session::Session;

/// Reads the notes: the file named by `--notes`, else the entry of `CHANGELOG.md`; none when there is neither.
///
/// # Errors
/// When a file cannot be read.
pub fn read(
    session: &Session,
    given: Option<&Path>,
    dir: &Path,
    version: &Version,
) -> Result<Option<String>, Failure> {
    let text = match given {
        Some(file) => Some(files::read_text(&session.path(file))?),
        None => files::read_optional(&dir.join(CHANGELOG))?
            .and_then(|text| entry(&text, &version.to_string())),
    };
    Ok(text
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty()))
}

/// What stands under the heading that names the version, up to the next heading of the same or a higher level.
fn entry(changelog: &str, version: &str) -> Option<String> {
    let level = |line: &str| line.bytes().take_while(|b| *b == b'#').count();
    let named = |line: &str| {
        let words = line
            .trim_start_matches('#')
            .split([' ', '\t', '[', ']', '(', ')', ',', ':']);
        words
            .into_iter()
            .any(|word| word == version || word.strip_prefix('v') == Some(version))
    };
    let mut lines = changelog
        .lines()
        .skip_while(|line| level(line) == 0 || !named(line));
    let depth = level(lines.next()?);
    let body = lines.take_while(|line| !(1..=depth).contains(&level(line)));
    Some(body.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::entry;

    #[test]
    fn takes_the_entry_of_exactly_this_version() {
        let text = "# Changelog\n\n## [1.2.0] - 2026-01-02\n### Added\n- b\n\n## v1.1.0\n- a\n## 1.1.0-rc.1\n- x\n";
        assert_eq!(entry(text, "1.2.0").as_deref(), Some("### Added\n- b\n"));
        assert_eq!(entry(text, "1.1.0").as_deref(), Some("- a"));
        assert_eq!(entry(text, "1.1").as_deref(), None);
    }
}
