//! Numbers, sizes, durations and dates as people write them in each language.

use super::{Lang, T};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl T {
    /// A whole number with grouped thousands.
    #[must_use]
    pub fn number(&self, value: i64) -> String {
        let digits = value.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + 4);
        if value < 0 {
            out.push('−');
        }
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        out
    }

    /// A share between 0 and 1 as a percentage with at most one decimal.
    #[must_use]
    pub fn percent(&self, share: f64) -> String {
        let text = format!("{:.1}", share * 100.0);
        format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
    }

    /// A size in bytes with a decimal unit: `1.5 MB`.
    #[must_use]
    pub fn size(&self, bytes: u64) -> String {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if bytes < 1000 {
            return format!("{bytes} B");
        }
        let mut unit = 0;
        let mut rest = bytes;
        while rest >= 1_000_000 && unit + 1 < UNITS.len() {
            rest /= 1000;
            unit += 1;
        }
        let (whole, tenth) = (rest / 1000, rest % 1000 / 100);
        if whole >= 100 || tenth == 0 {
            format!("{whole} {}", UNITS[unit])
        } else {
            format!("{whole}.{tenth} {}", UNITS[unit])
        }
    }

    /// A length of time in its two largest units: `3 h 12 min`, `2 天 4 小时`.
    #[must_use]
    pub fn duration(&self, seconds: i64) -> String {
        let s = seconds.unsigned_abs();
        let (days, hours, minutes) = (s / 86_400, s / 3_600 % 24, s / 60 % 60);
        let parts = match (days, hours, minutes) {
            (0, 0, 0) => [(s, "unit-second"), (0, "")],
            (0, 0, m) if m < 10 => [(m, "unit-minute"), (s % 60, "unit-second")],
            (0, 0, m) => [(m, "unit-minute"), (0, "")],
            (0, h, m) => [(h, "unit-hour"), (m, "unit-minute")],
            (d, h, _) => [(d, "unit-day"), (h, "unit-hour")],
        };
        let words = parts.iter().enumerate().filter_map(|(i, (n, unit))| {
            let shown = !unit.is_empty() && (i == 0 || *n > 0);
            shown.then(|| self.t_args(unit, &[("n", (*n).into())]))
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// Milliseconds, as durations of requests are measured: `38 ms`, `1.4 s`.
    #[must_use]
    pub fn millis(&self, ms: u64) -> String {
        if ms < 1000 {
            return format!("{ms} ms");
        }
        if ms < 60_000 {
            let tenths = ms / 100;
            return self.t_args(
                "unit-second",
                &[("n", format!("{}.{}", tenths / 10, tenths % 10).into())],
            );
        }
        self.duration(i64::try_from(ms / 1000).unwrap_or(i64::MAX))
    }

    /// A day in UTC: `22 Nov 2026`, `2026年11月22日`.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> String {
        self.date_of(&at.to_zoned(TimeZone::UTC))
    }

    /// An instant in UTC, with the zone said.
    #[must_use]
    pub fn datetime(&self, at: Timestamp) -> String {
        self.datetime_in(at, &TimeZone::UTC)
    }

    /// An instant in a zone, with the zone said.
    #[must_use]
    pub fn datetime_in(&self, at: Timestamp, zone: &TimeZone) -> String {
        let z = at.to_zoned(zone.clone());
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        let (day, hour, minute) = (self.date_of(&z), z.hour(), z.minute());
        match self.lang() {
            Lang::En => format!("{day}, {hour:02}:{minute:02} {name}"),
            Lang::ZhCn => format!("{day} {hour:02}:{minute:02}（{name}）"),
        }
    }

    fn date_of(&self, z: &jiff::Zoned) -> String {
        let (year, month, day) = (z.year(), z.month(), z.day());
        match self.lang() {
            Lang::En => {
                let month = MONTHS[usize::try_from(month - 1).unwrap_or(0).min(11)];
                format!("{day} {month} {year}")
            }
            Lang::ZhCn => format!("{year}年{month}月{day}日"),
        }
    }

    /// An instant relative to the page's: `3 hours ago`, `in 2 days`, `just now`.
    #[must_use]
    pub fn ago(&self, at: Timestamp) -> String {
        let delta = at.as_second() - self.now().as_second();
        let s = delta.unsigned_abs();
        let (n, past, future) = match s {
            0..45 => return self.t("time-now"),
            45..3_600 => ((s / 60).max(1), "ago-minutes", "in-minutes"),
            3_600..86_400 => (s / 3_600, "ago-hours", "in-hours"),
            86_400..3_888_000 => (s / 86_400, "ago-days", "in-days"),
            _ => return self.date(at),
        };
        self.t_args(if delta < 0 { past } else { future }, &[("n", n.into())])
    }
}
