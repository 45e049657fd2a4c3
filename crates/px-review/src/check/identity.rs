//! Version and name against what is listed (MAN-04, MAN-05), and what is new since then (MAN-08, DEP-03, DEP-05).

use super::Subject;
use crate::catalogue::CheckId;
use crate::context::CatalogVersion;
use crate::report::Finding;
use crate::sink::Sink;
use px_model::{Channel, Digest};

/// Words at the beginning of a name that only their owner may use without a person's agreement.
const RESERVED: &[&str] = &[
    "com.powerx.",
    "io.powerx.",
    "org.powerx.",
    "dev.powerx.",
    "com.artisancloud.",
];
/// Words that make a plugin look official wherever they stand.
const OFFICIAL: &[&str] = &[
    "official",
    "marketplace",
    "powerx-core",
    "system",
    "admin",
    "root",
    "security-update",
];

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    match &subject.context.catalog {
        Some(catalog) => {
            let listed = catalog.versions(&subject.manifest.id);
            newer(subject, &listed, sink);
            name(subject, listed.is_empty(), sink);
        }
        None => {
            for check in [CheckId::Man04, CheckId::Man05] {
                sink.missing(check, "no catalog was given to compare with");
            }
        }
    }
    additions(subject, sink);
    blocklist(subject, sink);
}

fn newer(subject: &Subject<'_>, listed: &[CatalogVersion], sink: &mut Sink) {
    let check = CheckId::Man04;
    sink.ran(check);
    let version = &subject.manifest.version;
    let channel = subject
        .context
        .request
        .as_ref()
        .map_or(subject.context.channel, |r| r.channel);
    // Versions that differ only by build metadata are the same to everybody who compares them.
    let same = |v: &&CatalogVersion| v.version.semver().cmp_precedence(version.semver()).is_eq();
    if let Some(taken) = listed.iter().find(same) {
        let seen = if taken.listed {
            format!(
                "version {} is listed already (SHA-256 {})",
                taken.version,
                taken.digest.short()
            )
        } else {
            format!(
                "version {} was listed before and withdrawn; its number stays taken",
                taken.version
            )
        };
        sink.add(Finding::new(check, seen, "raise `version` in plugin.yaml").in_field("version"));
        return;
    }
    let newest = listed
        .iter()
        .filter(|v| v.channel == channel)
        .max_by(|a, b| a.version.cmp(&b.version));
    if let Some(newest) = newest.filter(|n| n.version.semver() > version.semver()) {
        let seen = format!(
            "{version} is older than {}, the newest version on the channel `{channel}`",
            newest.version
        );
        let remedy = format!("raise `version` in plugin.yaml above {}", newest.version);
        sink.add(Finding::new(check, seen, remedy).in_field("version"));
    }
    if channel == Channel::Stable && version.is_prerelease() {
        let seen =
            format!("{version} is a pre-release and does not belong on the channel `stable`");
        sink.add(
            Finding::new(
                check,
                seen,
                "publish it on `beta`, or drop the pre-release tag",
            )
            .in_field("version")
            .severity(crate::Severity::Hold),
        );
    }
}

/// The same bytes may be submitted again as often as needed, until they are listed; other bytes never replace them.
pub(crate) fn bytes(subject: &Subject<'_>, digest: &Digest, sink: &mut Sink) {
    let Some(catalog) = &subject.context.catalog else {
        return;
    };
    let manifest = subject.manifest;
    for taken in catalog.versions(&manifest.id) {
        if taken.version == manifest.version && taken.digest != *digest {
            let seen = format!(
                "these bytes ({}) are not those that were listed as {}",
                digest.short(),
                taken.version
            );
            sink.add(
                Finding::new(CheckId::Man04, seen, "raise `version` in plugin.yaml")
                    .in_field("version"),
            );
        }
    }
}

fn name(subject: &Subject<'_>, first: bool, sink: &mut Sink) {
    let check = CheckId::Man05;
    sink.ran(check);
    let id = subject.manifest.id.as_str();
    let Some(catalog) = &subject.context.catalog else {
        return;
    };
    let names = catalog.names();
    let mine = |owner: &Option<px_model::PublisherId>| {
        owner.is_some() && *owner == subject.context.publisher
    };
    let foreign = |owner: &Option<px_model::PublisherId>| owner.is_some() && !mine(owner);
    if names
        .iter()
        .any(|n| n.plugin.as_str() == id && foreign(&n.publisher))
    {
        let seen = format!("`{id}` belongs to another publisher");
        let remedy = "ask for a transfer, or use a name of your own";
        sink.add(
            Finding::new(check, seen, remedy)
                .in_field("id")
                .severity(crate::Severity::Block),
        );
        return;
    }
    if !first {
        return;
    }
    let below = |prefix: &str| {
        names
            .iter()
            .filter(|n| n.plugin.as_str().starts_with(prefix))
            .collect::<Vec<_>>()
    };
    let prefix: String = id
        .splitn(3, '.')
        .take(2)
        .map(|part| format!("{part}."))
        .collect();
    let neighbours = below(&prefix);
    if neighbours.iter().any(|n| mine(&n.publisher)) {
        return;
    }
    if neighbours.iter().any(|n| foreign(&n.publisher)) {
        let seen = format!("names below `{prefix}` belong to another publisher");
        sink.add(Finding::new(check, seen, "use your own domain, reversed").in_field("id"));
    } else if let Some(reserved) = RESERVED.iter().find(|r| id.starts_with(**r)) {
        let seen = format!("names below `{reserved}` are reserved");
        sink.add(Finding::new(check, seen, "use your own domain, reversed").in_field("id"));
    } else if let Some(word) = OFFICIAL
        .iter()
        .find(|w| id.split('.').any(|part| part == **w))
    {
        let seen = format!("the word `{word}` makes the plugin look official");
        sink.add(
            Finding::new(check, seen, "choose a word that says what the plugin does")
                .in_field("id"),
        );
    }
}

fn additions(subject: &Subject<'_>, sink: &mut Sink) {
    let Some(previous) = &subject.context.previous else {
        for check in [CheckId::Man08, CheckId::Dep03] {
            sink.missing(
                check,
                "the last listed version was not given to compare with",
            );
        }
        return;
    };
    sink.ran(CheckId::Man08);
    sink.ran(CheckId::Dep03);
    // Everything about a first version is new, and a person sees all of it anyway.
    let Some(previous) = previous else { return };
    for permission in &subject.manifest.permissions {
        if !previous.permissions.contains(permission) {
            let seen = format!(
                "the permission `{permission}` ({} risk) is new",
                permission.risk()
            );
            sink.add(
                Finding::new(
                    CheckId::Man08,
                    seen,
                    "say in the changelog what it is needed for, or do without it",
                )
                .in_field("permissions"),
            );
        }
    }
    for dependency in &subject.manifest.dependencies.requires {
        if !previous
            .dependencies
            .iter()
            .any(|d| d.plugin == dependency.plugin)
        {
            sink.add(
                Finding::new(
                    CheckId::Dep03,
                    format!("the dependency on `{}` is new", dependency.plugin),
                    "say in the changelog what it is needed for",
                )
                .in_field("dependencies.requires"),
            );
        }
    }
}

fn blocklist(subject: &Subject<'_>, sink: &mut Sink) {
    let check = CheckId::Dep05;
    sink.ran(check);
    let list = &subject.context.blocklist;
    let manifest = subject.manifest;
    let permissions = manifest
        .permissions
        .iter()
        .map(|p| ("permissions", p.to_string()));
    let dependencies = &manifest.dependencies;
    let plugins = dependencies
        .requires
        .iter()
        .chain(&dependencies.replaces)
        .map(|d| ("dependencies.requires", d.plugin.to_string()));
    for (field, name) in permissions
        .chain(plugins)
        .chain([("id", manifest.id.to_string())])
    {
        if let Some(entry) = list.forbids(&name) {
            let seen = format!("`{name}` is on this Marketplace's blocklist (`{entry}`)");
            sink.add(
                Finding::new(
                    check,
                    seen,
                    "do without it, or ask the Marketplace's operator",
                )
                .in_field(field),
            );
        }
    }
}
