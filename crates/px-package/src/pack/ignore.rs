//! `.pxpignore`: which files stay out of the bundle, in the syntax of `.gitignore`.

/// Never packed: version control, editors, operating systems, build caches, earlier bundles and secrets.
const LITTER: &str = "
.git/
.hg/
.svn/
CVS/
.gitignore
.gitattributes
.gitmodules
.gitkeep
.DS_Store
._*
__MACOSX/
.AppleDouble/
Thumbs.db
desktop.ini
.idea/
.vscode/
*.swp
*.swo
*~
.#*
*.orig
__pycache__/
*.pyc
.env
.env.*
.pxpignore
*.pxp
";

struct Rule {
    parts: Vec<String>,
    /// Matches from the root only.
    anchored: bool,
    folders_only: bool,
    /// `!pattern`: packed after all.
    keep: bool,
}

/// Rules in order; the last that matches decides.
pub struct Ignore(Vec<Rule>);

impl Ignore {
    /// The litter nobody wants, then the author's rules, then the caller's.
    pub fn new(file: &str, more: &[String]) -> Self {
        let lines = LITTER
            .lines()
            .chain(file.lines())
            .chain(more.iter().map(String::as_str));
        Self(lines.filter_map(rule).collect())
    }

    /// Whether a path stays out. A folder that stays out takes everything in it along.
    pub fn excludes(&self, path: &str, folder: bool) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let last = self
            .0
            .iter()
            .rev()
            .find(|rule| rule.matches(&parts, folder));
        last.is_some_and(|rule| !rule.keep)
    }
}

fn rule(line: &str) -> Option<Rule> {
    let line = line.trim_end();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (line, keep) = line
        .strip_prefix('!')
        .map_or((line, false), |rest| (rest, true));
    let (line, folders_only) = line
        .strip_suffix('/')
        .map_or((line, false), |rest| (rest, true));
    let anchored = line.contains('/');
    let line = line.strip_prefix('/').unwrap_or(line);
    (!line.is_empty()).then(|| Rule {
        parts: line.split('/').map(str::to_owned).collect(),
        anchored,
        folders_only,
        keep,
    })
}

impl Rule {
    fn matches(&self, path: &[&str], folder: bool) -> bool {
        if self.folders_only && !folder {
            return false;
        }
        if self.anchored {
            parts_match(&self.parts, path)
        } else {
            path.last()
                .is_some_and(|name| part_matches(self.parts[0].as_bytes(), name.as_bytes()))
        }
    }
}

/// `**` stands for any number of folders.
fn parts_match(pattern: &[String], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((part, rest)) if part == "**" => {
            (0..=path.len()).any(|skip| parts_match(rest, &path[skip..]))
        }
        Some((part, rest)) => path.split_first().is_some_and(|(name, below)| {
            part_matches(part.as_bytes(), name.as_bytes()) && parts_match(rest, below)
        }),
    }
}

/// `*` and `?` within one name, by the usual backtracking to the last star.
fn part_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == b'?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    n = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::Ignore;

    #[test]
    fn rules_work_as_in_gitignore() {
        let ignore = Ignore::new(
            "# comment\n*.log\n!keep.log\n/backend/src/\nassets/**/raw\ntmp/\n",
            &[],
        );
        for out in [
            "x.log",
            "backend/a.log",
            "assets/a/b/raw",
            "assets/raw",
            "a/.DS_Store",
            "bundle.pxp",
        ] {
            assert!(ignore.excludes(out, false), "{out}");
        }
        assert!(ignore.excludes("backend/src", true) && ignore.excludes("deep/tmp", true));
        for kept in [
            "keep.log",
            "backend/src",
            "tmp",
            "web-admin/.output/a.mjs",
            "rawer",
        ] {
            assert!(!ignore.excludes(kept, false), "{kept}");
        }
    }
}
