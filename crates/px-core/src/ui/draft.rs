//! What was filled in so far in the wizard. It lives in the address, so that a page that is loaded
//! again, or opened on another machine, is where one was.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use px_model::{Channel, Version};
use px_web::i18n::Lang;

/// Furthest that an install may be put off.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Hour at which a quiet night begins.
const NIGHT: i8 = 2;

/// Zones offered; another one can be named in the address.
pub(super) const ZONES: [&str; 22] = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Europe/London",
    "Europe/Paris",
    "Europe/Berlin",
    "Europe/Moscow",
    "Africa/Johannesburg",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
];

/// When it is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum When {
    /// At once.
    #[default]
    Now,
    /// In the coming night.
    Night,
    /// In the night to Sunday, early on Sunday.
    Sunday,
    /// Not before the time given.
    Later,
    /// With the tenant's batch of the rollout.
    Batch,
}

impl When {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Night => "night",
            Self::Sunday => "sunday",
            Self::Later => "later",
            Self::Batch => "batch",
        }
    }

    fn read(word: &str) -> Self {
        match word {
            "night" => Self::Night,
            "sunday" => Self::Sunday,
            "later" => Self::Later,
            "batch" => Self::Batch,
            _ => Self::Now,
        }
    }
}

/// What was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) version: Option<Version>,
    pub(super) channel: Channel,
    pub(super) when: When,
    /// As a browser writes it: `2026-11-29T02:00`.
    pub(super) at: String,
    pub(super) zone: String,
    pub(super) grant: bool,
    pub(super) high: bool,
}

/// Why a time cannot be taken; names a word.
pub(super) type TimeFault = &'static str;

impl Draft {
    /// Reads the fields of an address or a form; what makes no sense is as if it were missing.
    /// `zone` is the one used the last time.
    pub(super) fn read<'a>(
        get: impl Fn(&str) -> Option<&'a str>,
        zone: Option<&str>,
        lang: Lang,
    ) -> Self {
        let short = |name: &str| {
            let text = get(name).unwrap_or_default();
            text.chars().take(64).collect::<String>()
        };
        let usual = zone.filter(|z| TimeZone::get(z).is_ok());
        let usual = usual.unwrap_or(if lang == Lang::ZhCn {
            "Asia/Shanghai"
        } else {
            "UTC"
        });
        let zone = short("zone");
        Self {
            version: get("version").and_then(|v| v.parse().ok()),
            channel: get("channel")
                .and_then(|c| c.parse().ok())
                .unwrap_or(Channel::Stable),
            when: When::read(get("when").unwrap_or_default()),
            at: short("at"),
            zone: if zone.is_empty() {
                usual.to_owned()
            } else {
                zone
            },
            grant: get("grant") == Some("yes"),
            high: get("high") == Some("yes"),
        }
    }

    /// The fields that are filled in.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(version) = &self.version {
            pairs.push(("version", version.to_string()));
        }
        if self.channel == Channel::Beta {
            pairs.push(("channel", self.channel.to_string()));
        }
        if self.when != When::Now {
            pairs.push(("when", self.when.word().to_owned()));
        }
        if !self.at.is_empty() {
            pairs.push(("at", self.at.clone()));
        }
        pairs.push(("zone", self.zone.clone()));
        for (name, ticked) in [("grant", self.grant), ("high", self.high)] {
            if ticked {
                pairs.push((name, "yes".to_owned()));
            }
        }
        pairs
    }

    /// The query string that leads to a step with everything kept.
    pub(super) fn query(&self, step: usize) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.append_pair("step", &step.to_string());
        for (name, value) in self.pairs() {
            out.append_pair(name, &value);
        }
        out.finish()
    }

    /// The zone, when it exists.
    pub(super) fn time_zone(&self) -> Option<TimeZone> {
        TimeZone::get(&self.zone).ok()
    }

    /// Not before which time; `None` for at once and for the batch.
    pub(super) fn not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, TimeFault> {
        let zone = self.time_zone().ok_or("adm-time-zone")?;
        let at = match self.when {
            When::Now | When::Batch => return Ok(None),
            When::Night => night(now, &zone),
            When::Sunday => sunday(now, &zone),
            When::Later => self.given(&zone)?,
        };
        let at = at.ok_or("adm-time-unread")?;
        if at <= now {
            return Err("adm-time-past");
        }
        if at > now + FURTHEST {
            return Err("adm-time-far");
        }
        Ok(Some(at))
    }

    fn given(&self, zone: &TimeZone) -> Result<Option<Timestamp>, TimeFault> {
        if self.at.is_empty() {
            return Err("adm-time-missing");
        }
        let text = if self.at.len() == 16 {
            format!("{}:00", self.at)
        } else {
            self.at.clone()
        };
        let civil: DateTime = text.parse().map_err(|_| "adm-time-unread")?;
        let zoned = civil
            .to_zoned(zone.clone())
            .map_err(|_| "adm-time-unread")?;
        Ok(Some(zoned.timestamp()))
    }
}

/// Two o'clock of the coming night.
pub(super) fn night(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let here = now.to_zoned(zone.clone());
    let today = here.date().at(NIGHT, 0, 0, 0);
    let day = if here.datetime() < today {
        today
    } else {
        today.checked_add(1.day()).ok()?
    };
    Some(day.to_zoned(zone.clone()).ok()?.timestamp())
}

/// Two o'clock of the coming Sunday.
pub(super) fn sunday(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let here = now.to_zoned(zone.clone());
    let ahead = (7 - here.weekday().to_sunday_zero_offset()) % 7;
    let mut day = here
        .date()
        .at(NIGHT, 0, 0, 0)
        .checked_add(ahead.days())
        .ok()?;
    if day <= here.datetime() {
        day = day.checked_add(7.days()).ok()?;
    }
    Some(day.to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(query: &str) -> Draft {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let get = |name: &str| {
            pairs
                .iter()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v.as_str())
        };
        Draft::read(get, None, Lang::En)
    }

    #[test]
    fn a_time_is_read_in_its_zone_and_must_lie_ahead() {
        let now: Timestamp = "2026-11-22T14:00:00Z".parse().unwrap();
        let at = |query: &str| {
            let said = draft(query).not_before(now);
            said.map(|at| at.map(|at| at.to_string()))
        };
        assert_eq!(at("when=now"), Ok(None));
        assert_eq!(
            at("when=later&at=2026-11-29T02:00&zone=Asia/Shanghai"),
            Ok(Some("2026-11-28T18:00:00Z".to_owned()))
        );
        assert_eq!(
            at("when=night&zone=Europe/Berlin"),
            Ok(Some("2026-11-23T01:00:00Z".to_owned()))
        );
        // A Sunday afternoon: the coming Sunday is a week away.
        assert_eq!(
            at("when=sunday&zone=UTC"),
            Ok(Some("2026-11-29T02:00:00Z".to_owned()))
        );
        assert_eq!(at("when=later"), Err("adm-time-missing"));
        assert_eq!(at("when=later&at=soon"), Err("adm-time-unread"));
        assert_eq!(at("when=later&at=2026-11-22T13:00"), Err("adm-time-past"));
        assert_eq!(at("when=later&at=2028-11-22T13:00"), Err("adm-time-far"));
        assert_eq!(at("when=night&zone=Mars/Base"), Err("adm-time-zone"));
    }

    #[test]
    fn the_address_keeps_everything() {
        let first = draft(
            "version=1.2.0&channel=beta&when=later&at=2026-11-29T02:00&zone=Asia/Tokyo&grant=yes&high=yes",
        );
        let again = draft(&first.query(3));
        assert_eq!(first, again);
        assert!(first.query(3).starts_with("step=3&"));
    }
}
