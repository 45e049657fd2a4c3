//! Can the plugin's dependencies be installed beside one core? Answered by a solver that explains itself.

use super::ranges::{Point, ranges};
use crate::context::{CatalogVersion, CatalogView};
use pubgrub::{
    DefaultStringReporter, Dependencies, DependencyConstraints, DependencyProvider, DerivationTree,
    PackageResolutionStatistics, PubGrubError, Ranges, Reporter,
};
use px_model::{Dependency, PluginId, Version};
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Choices after which the solver gives up: a catalog made to exhaust it must not hold up the queue.
const MAX_STEPS: u32 = 20_000;

/// A plugin that is to be installed beside a core.
pub(crate) struct Question<'a> {
    pub plugin: &'a PluginId,
    pub version: &'a Version,
    pub requires: &'a [Dependency],
    pub core: Option<&'a Version>,
    pub catalog: &'a dyn CatalogView,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No set of listed versions will do; why, in words.
    Conflict(String),
    /// The solver gave up.
    TooHard,
}

/// Listed versions that can be installed together, by plugin.
pub(crate) type Solution = BTreeMap<PluginId, CatalogVersion>;

struct Provider<'a> {
    question: &'a Question<'a>,
    versions: RefCell<HashMap<PluginId, Vec<CatalogVersion>>>,
    steps: Cell<u32>,
}

#[derive(Debug, thiserror::Error)]
#[error("too many steps")]
struct TooManySteps;

/// Finds listed versions that satisfy every requirement, newest first.
pub(crate) fn resolve(question: &Question<'_>) -> Result<Solution, Refusal> {
    let provider = Provider {
        question,
        versions: RefCell::default(),
        steps: Cell::new(0),
    };
    let root = Point(question.version.semver().clone());
    match pubgrub::resolve(&provider, question.plugin.clone(), root) {
        Ok(chosen) => Ok(chosen
            .into_iter()
            .filter(|(plugin, _)| plugin != question.plugin)
            .filter_map(|(plugin, point)| {
                let version = provider
                    .offered(&plugin)
                    .into_iter()
                    .find(|v| *v.version.semver() == point.0)?;
                Some((plugin, version))
            })
            .collect()),
        Err(PubGrubError::NoSolution(mut tree)) => {
            tree.collapse_no_versions();
            let words = DefaultStringReporter::report(&tree)
                .replace('\n', " ")
                .replace("is forbidden", "cannot be installed");
            Err(Refusal::Conflict(provider.absent(&tree) + &words))
        }
        Err(_) => Err(Refusal::TooHard),
    }
}

impl Provider<'_> {
    /// Names plugins of the explanation that have no version to choose from; the solver leaves that out.
    fn absent(&self, tree: &DerivationTree<PluginId, Ranges<Point>, String>) -> String {
        let mut names: Vec<&PluginId> = tree
            .packages()
            .into_iter()
            .filter(|p| *p != self.question.plugin && self.offered(p).is_empty())
            .collect();
        names.sort();
        names
            .iter()
            .map(|name| format!("No listed version of {name} can be installed there. "))
            .collect()
    }

    /// Versions that can be installed beside the core, oldest first.
    fn offered(&self, plugin: &PluginId) -> Vec<CatalogVersion> {
        let mut cache = self.versions.borrow_mut();
        let versions = cache.entry(plugin.clone()).or_insert_with(|| {
            let mut versions = self.question.catalog.versions(plugin);
            let core = self.question.core;
            let fits = |v: &CatalogVersion| match (&v.corex_version, core) {
                (Some(range), Some(core)) => range.contains(core),
                _ => true,
            };
            versions.retain(|v| v.listed && fits(v) && self.wanted(plugin, &v.version));
            versions.sort_by(|a, b| a.version.cmp(&b.version));
            versions
        });
        versions.clone()
    }

    /// Pre-releases are only taken where the plugin under review names one.
    fn wanted(&self, plugin: &PluginId, version: &Version) -> bool {
        !version.is_prerelease()
            || self
                .question
                .requires
                .iter()
                .any(|d| d.plugin == *plugin && d.range.contains(version))
    }
}

impl DependencyProvider for Provider<'_> {
    type P = PluginId;
    type V = Point;
    type VS = Ranges<Point>;
    type Priority = (u32, Reverse<usize>);
    type M = String;
    type Err = TooManySteps;

    fn prioritize(
        &self,
        plugin: &PluginId,
        range: &Ranges<Point>,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let choices = if plugin == self.question.plugin {
            0
        } else {
            self.offered(plugin)
                .iter()
                .filter(|v| range.contains(&Point(v.version.semver().clone())))
                .count()
        };
        (statistics.conflict_count(), Reverse(choices))
    }

    fn choose_version(
        &self,
        plugin: &PluginId,
        range: &Ranges<Point>,
    ) -> Result<Option<Point>, TooManySteps> {
        if plugin == self.question.plugin {
            // Whatever needs this plugin gets the version under review, or nothing.
            let own = Point(self.question.version.semver().clone());
            return Ok(range.contains(&own).then_some(own));
        }
        let points = self
            .offered(plugin)
            .into_iter()
            .rev()
            .map(|v| Point(v.version.semver().clone()));
        Ok(points.into_iter().find(|p| range.contains(p)))
    }

    fn get_dependencies(
        &self,
        plugin: &PluginId,
        version: &Point,
    ) -> Result<Dependencies<PluginId, Ranges<Point>, String>, TooManySteps> {
        let requires = if plugin == self.question.plugin {
            self.question.requires.to_vec()
        } else {
            self.offered(plugin)
                .into_iter()
                .find(|v| *v.version.semver() == version.0)
                .map_or_else(Vec::new, |v| v.requires)
        };
        // Two lines about one plugin must both hold.
        let mut constraints: BTreeMap<PluginId, Ranges<Point>> = BTreeMap::new();
        for dependency in requires {
            let range = ranges(dependency.range.req());
            let entry = constraints
                .entry(dependency.plugin)
                .or_insert_with(Ranges::full);
            *entry = entry.intersection(&range);
        }
        let constraints: DependencyConstraints<_, _> = constraints.into_iter().collect();
        Ok(Dependencies::Available(constraints))
    }

    fn should_cancel(&self) -> Result<(), TooManySteps> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            Err(TooManySteps)
        } else {
            Ok(())
        }
    }
}
