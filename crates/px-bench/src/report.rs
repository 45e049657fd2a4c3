//! `docs/benchmarks.md` and the same as JSON.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::figure::{Aim, Figure, Group};
use crate::machine::Machine;

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// What was typed.
    pub command: String,
    /// Commit of the repository; `+` when files were changed.
    pub commit: String,
    /// When it ended.
    pub at: String,
    /// The groups, in order.
    pub groups: Vec<Group>,
}

impl Report {
    /// Writes both files; folders are made.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, markdown: &Path, json: &Path) -> anyhow::Result<()> {
        for file in [markdown, json] {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
        }
        std::fs::write(markdown, self.markdown())?;
        std::fs::write(json, serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    /// The page.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::from(HEAD);
        let machine = &self.machine;
        let _ = writeln!(
            out,
            "\n| | |\n|---|---|\n| Machine | {}, {} cores, {} GiB, Linux {} |",
            machine.processor, machine.cores, machine.memory_gib, machine.kernel
        );
        let _ = writeln!(
            out,
            "| Load before | {} |\n| Flush | one `fdatasync` of 4 KiB takes {:.2} ms (median) |",
            machine.load, machine.flush_ms
        );
        let _ = writeln!(
            out,
            "| Command | `{}` |\n| Commit | `{}` |\n| When | {} |\n",
            self.command, self.commit, self.at
        );
        self.summary(&mut out);
        for group in &self.groups {
            section(&mut out, group);
        }
        out.push_str(TAIL);
        out
    }

    fn summary(&self, out: &mut String) {
        let all = self.groups.iter().flat_map(|group| &group.figures);
        let aimed: Vec<&Figure> = all.filter(|figure| figure.met.is_some()).collect();
        let met = aimed
            .iter()
            .filter(|figure| figure.met == Some(true))
            .count();
        let _ = writeln!(out, "**{met} of {} aims are met.**", aimed.len());
        for figure in aimed.iter().filter(|figure| figure.met == Some(false)) {
            let _ = writeln!(out, "- Missed: {} ({})", figure.name, aim(figure));
        }
    }
}

fn section(out: &mut String, group: &Group) {
    let _ = writeln!(out, "\n## {}\n\n{}\n", group.name, group.about);
    if let Some(why) = &group.failed {
        let _ = writeln!(out, "Not everything was measured: {why}\n");
    }
    if group.figures.is_empty() {
        return;
    }
    out.push_str("| Figure | Ours | Beside | Ratio | Aim | Met |\n|---|---:|---|---:|---|---|\n");
    for figure in &group.figures {
        let beside = figure.peer.as_ref().map_or(String::new(), |peer| {
            format!("{} {}", peer.name, amount(peer.value, figure.unit))
        });
        let ratio = figure.ratio.map_or(String::new(), |r| format!("{r:.2} ×"));
        let met = match figure.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(
            out,
            "| {} | {} | {beside} | {ratio} | {} | {met} |",
            figure.name,
            amount(figure.value, figure.unit),
            aim(figure)
        );
    }
    let notes = group
        .figures
        .iter()
        .filter(|figure| !figure.note.is_empty());
    for (n, figure) in notes.enumerate() {
        let blank = if n == 0 { "\n" } else { "" };
        let _ = writeln!(out, "{blank}- {}: {}", figure.name, figure.note);
    }
}

/// Three significant digits and the unit.
#[must_use]
pub fn amount(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let number = format!("{value:.digits$}");
    let (whole, rest) = number.split_once('.').unwrap_or((&number, ""));
    let mut grouped = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !rest.is_empty() {
        grouped.push('.');
        grouped.push_str(rest);
    }
    format!("{grouped} {unit}")
}

fn aim(figure: &Figure) -> String {
    match figure.aim {
        Some(Aim::AtLeast(least)) => format!("≥ {}", amount(least, figure.unit)),
        Some(Aim::AtMost(most)) => format!("≤ {}", amount(most, figure.unit)),
        Some(Aim::Ratio(least)) => format!("≥ {least} ×"),
        None => String::new(),
    }
}

const HEAD: &str = "\
# Benchmarks

Written by `cargo xtask bench`: a release build, loopback only, everything private and in temporary
folders. Each figure is the median of several runs unless it says otherwise; what stands beside it
did the same work in the same run on the same machine, so the ratios travel further than the figures.
A ratio above 1 means that we are better, whatever the unit.
";

const TAIL: &str = "
## Taking them again

`cargo xtask bench` takes all groups, `cargo xtask bench --only gateway` one of them; the machine should
have nothing else to do. `--install` builds `wasmtime serve` into the target folder when it is missing.
`zip`, `sha256sum`, `clamscan`, `wrk` and PostgreSQL are used when they are installed; what is missing is
said above. The same figures are in `bench.json` in the target folder.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short_and_grouped() {
        assert_eq!(amount(1_234_567.8, "requests/s"), "1,234,568 requests/s");
        assert_eq!(amount(12.34, "ms"), "12.3 ms");
        assert_eq!(amount(0.0421, "s"), "0.042 s");
        assert_eq!(amount(-1234.0, "µs"), "-1,234 µs");
    }
}
