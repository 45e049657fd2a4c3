//! Dependencies resolve for every supported core (DEP-01) and do not lead back (DEP-02).

use super::Subject;
use super::resolve::{Question, Refusal, Solution, resolve};
use crate::catalogue::CheckId;
use crate::context::CatalogView;
use crate::report::Finding;
use crate::sink::Sink;
use px_model::{Dependency, PluginId, Version};
use std::collections::{BTreeMap, BTreeSet};

const FIELD: &str = "dependencies.requires";

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    let dependencies = &subject.manifest.dependencies;
    contradictions(&dependencies.requires, &dependencies.conflicts, sink);
    if subject
        .manifest
        .dependencies
        .requires
        .iter()
        .any(|d| d.plugin == subject.manifest.id)
    {
        let seen = "the plugin depends on itself";
        sink.add(Finding::new(CheckId::Dep02, seen, "remove the line").in_field(FIELD));
    }
    let Some(catalog) = subject.context.catalog.as_deref() else {
        let empty = dependencies.requires.is_empty();
        for check in [CheckId::Dep01, CheckId::Dep02] {
            if empty {
                sink.ran(check);
            } else {
                sink.missing(check, "no catalog was given to resolve against");
            }
        }
        return;
    };
    sink.ran(CheckId::Dep01);
    sink.ran(CheckId::Dep02);
    let unknown = unknown(subject, catalog, sink);
    if !unknown {
        for core in cores(subject) {
            solve(subject, catalog, core.as_ref(), sink);
        }
    }
    if let Some(cycle) = cycle(&subject.manifest.id, &dependencies.requires, catalog) {
        let path: Vec<&str> = cycle.iter().map(PluginId::as_str).collect();
        let seen = format!("the dependencies lead back: {}", path.join(" → "));
        sink.add(Finding::new(CheckId::Dep02, seen, "remove one of these edges").in_field(FIELD));
    }
}

/// Cores to resolve for: the supported ones in the plugin's range, or none in particular.
fn cores(subject: &Subject<'_>) -> Vec<Option<Version>> {
    let range = subject.manifest.corex_version.as_ref();
    let supported = subject.context.supported_cores.iter();
    let cores: Vec<_> = supported
        .filter(|c| range.is_none_or(|r| r.contains(c)))
        .cloned()
        .map(Some)
        .collect();
    if cores.is_empty() { vec![None] } else { cores }
}

fn contradictions(requires: &[Dependency], conflicts: &[Dependency], sink: &mut Sink) {
    for conflict in conflicts {
        if let Some(needed) = requires
            .iter()
            .find(|d| d.plugin == conflict.plugin && d.range == conflict.range)
        {
            let seen = format!("`{}` is both required and in conflict", needed.plugin);
            sink.add(
                Finding::new(CheckId::Dep01, seen, "remove one of the two lines")
                    .in_field("dependencies.conflicts"),
            );
        }
    }
}

/// Names plugins that do not exist, and ranges without a version, in plain words; true when there are any.
fn unknown(subject: &Subject<'_>, catalog: &dyn CatalogView, sink: &mut Sink) -> bool {
    let mut found = false;
    for dependency in &subject.manifest.dependencies.requires {
        if dependency.plugin == subject.manifest.id {
            continue;
        }
        let versions = catalog.versions(&dependency.plugin);
        let listed = || versions.iter().filter(|v| v.listed);
        let newest = listed().map(|v| &v.version).max();
        let seen = match newest {
            None => format!("`{}` is not listed", dependency.plugin),
            Some(newest) if !listed().any(|v| dependency.range.contains(&v.version)) => {
                format!(
                    "no listed version of `{}` is {}; the newest is {newest}",
                    dependency.plugin, dependency.range
                )
            }
            Some(_) => continue,
        };
        found = true;
        let remedy = "mend the name or the range, or publish what is missing first";
        sink.add(Finding::new(CheckId::Dep01, seen, remedy).in_field(FIELD));
    }
    found
}

fn solve(
    subject: &Subject<'_>,
    catalog: &dyn CatalogView,
    core: Option<&Version>,
    sink: &mut Sink,
) {
    let manifest = subject.manifest;
    let question = Question {
        plugin: &manifest.id,
        version: &manifest.version,
        requires: &manifest.dependencies.requires,
        core,
        catalog,
    };
    let beside = core.map_or_else(String::new, |core| format!(" on core {core}"));
    let problem = match resolve(&question) {
        Ok(solution) => conflicts(subject, &solution),
        Err(Refusal::Conflict(words)) => Some(words),
        Err(Refusal::TooHard) => {
            sink.failed(CheckId::Dep01, format!("the solver gave up{beside}"));
            None
        }
    };
    if let Some(words) = problem {
        let seen = format!("the dependencies cannot be installed together{beside}: {words}");
        sink.add(
            Finding::new(
                CheckId::Dep01,
                seen,
                "widen a range, or ask the other plugin's publisher",
            )
            .in_field(FIELD),
        );
    }
}

/// A chosen plugin that another chosen one, or the one under review, does not stand.
fn conflicts(subject: &Subject<'_>, solution: &Solution) -> Option<String> {
    let manifest = subject.manifest;
    let own = (
        &manifest.id,
        &manifest.version,
        manifest.dependencies.conflicts.as_slice(),
    );
    let chosen = solution
        .iter()
        .map(|(id, v)| (id, &v.version, v.conflicts.as_slice()));
    let all: Vec<_> = std::iter::once(own).chain(chosen).collect();
    for (plugin, version, conflicts) in &all {
        for conflict in *conflicts {
            let hit = all.iter().find(|(id, v, _)| {
                **id == conflict.plugin && id != plugin && conflict.range.contains(v)
            });
            if let Some((other, at, _)) = hit {
                return Some(format!(
                    "{plugin} {version} conflicts with {other} {at}, which is needed too"
                ));
            }
        }
    }
    None
}

/// A path from the plugin through the newest listed versions back to it, or among its dependencies.
fn cycle(
    start: &PluginId,
    requires: &[Dependency],
    catalog: &dyn CatalogView,
) -> Option<Vec<PluginId>> {
    let mut edges: BTreeMap<PluginId, Vec<PluginId>> = BTreeMap::new();
    edges.insert(
        start.clone(),
        requires
            .iter()
            .map(|d| d.plugin.clone())
            .filter(|p| p != start)
            .collect(),
    );
    let mut open: Vec<PluginId> = edges[start].clone();
    while let Some(plugin) = open.pop() {
        if edges.contains_key(&plugin) || edges.len() > 10_000 {
            continue;
        }
        let newest = catalog
            .versions(&plugin)
            .into_iter()
            .filter(|v| v.listed)
            .max_by(|a, b| a.version.cmp(&b.version));
        let next: Vec<_> = newest.map_or_else(Vec::new, |v| {
            v.requires.into_iter().map(|d| d.plugin).collect()
        });
        open.extend(next.iter().cloned());
        edges.insert(plugin, next);
    }
    // Shortest way back to the plugin: breadth first. Cycles that do not hold it are not its fault.
    let mut came: BTreeMap<&PluginId, &PluginId> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    let mut seen = BTreeSet::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in edges.get(at).into_iter().flatten() {
            if next == start {
                let mut path = vec![start.clone(), at.clone()];
                let mut at = at;
                while let Some(before) = came.get(at) {
                    path.push((*before).clone());
                    at = before;
                }
                path.reverse();
                return Some(path);
            }
            if seen.insert(next) {
                came.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}
