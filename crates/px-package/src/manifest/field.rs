//! Reading typed values out of the tree, collecting an issue for each that is wrong.

use super::yaml::{Data, Node, Place, YamlFault, join};
use crate::issue::{Issue, Severity};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// Issues found so far.
#[derive(Default)]
pub struct Findings {
    pub issues: Vec<Issue>,
}

/// A field that may be absent: its path, its value, and where to point when it is missing.
#[derive(Clone)]
pub struct Field<'a> {
    pub path: String,
    node: Option<&'a Node>,
    place: Place,
}

impl Findings {
    pub fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        at: &Field<'_>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.issues.push(Issue {
            rule,
            severity,
            field: at.path.clone(),
            line: at.place.line,
            column: at.place.column,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// A field that makes the manifest unusable.
    pub fn block(&mut self, at: &Field<'_>, message: impl Into<String>, remedy: impl Into<String>) {
        self.add("MAN-01", Severity::Block, at, message, remedy);
    }

    pub fn warn(&mut self, at: &Field<'_>, message: impl Into<String>, remedy: impl Into<String>) {
        self.add("MAN-01", Severity::Warning, at, message, remedy);
    }

    pub fn fault(&mut self, fault: YamlFault) {
        self.issues.push(Issue {
            rule: fault.rule,
            severity: Severity::Block,
            field: fault.field,
            line: fault.place.line,
            column: fault.place.column,
            message: fault.message,
            remedy: fault.remedy.to_owned(),
        });
    }
}

impl<'a> Field<'a> {
    /// How messages call it.
    fn called(&self) -> String {
        if self.path.is_empty() {
            "the document".to_owned()
        } else {
            format!("`{}`", self.path)
        }
    }

    pub fn root(node: &'a Node) -> Self {
        Self {
            path: String::new(),
            node: Some(node),
            place: node.place,
        }
    }

    /// The field under a key; a null counts as absent.
    pub fn get(&self, key: &str) -> Self {
        let node = self.node.and_then(|node| node.get(key));
        Self {
            path: join(&self.path, key),
            node: node.filter(|node| !node.is_null()),
            place: node.map_or(self.place, |node| node.place),
        }
    }

    pub const fn node(&self) -> Option<&'a Node> {
        self.node
    }

    pub const fn place(&self) -> Place {
        self.place
    }

    pub const fn is_present(&self) -> bool {
        self.node.is_some()
    }

    /// Whether it is there and a mapping; anything else is an issue.
    pub fn is_map(&self, findings: &mut Findings) -> bool {
        match self.node {
            None => false,
            Some(Node {
                data: Data::Map(_), ..
            }) => true,
            Some(node) => {
                findings.block(
                    self,
                    format!("{} is {}, not a mapping", self.called(), node.kind()),
                    "write keys and values below it",
                );
                false
            }
        }
    }

    /// Keys and values of a mapping.
    pub fn entries(&self, findings: &mut Findings) -> Vec<(&'a str, Self)> {
        if !self.is_map(findings) {
            return Vec::new();
        }
        let entries = self.node.map_or(&[][..], Node::entries);
        entries
            .iter()
            .map(|(key, node)| {
                let field = Self {
                    path: join(&self.path, &key.text),
                    node: Some(node),
                    place: node.place,
                };
                (key.text.as_str(), field)
            })
            .collect()
    }

    /// Elements of a list.
    pub fn items(&self, findings: &mut Findings) -> Vec<Self> {
        match self.node {
            None => Vec::new(),
            Some(Node {
                data: Data::List(items),
                ..
            }) => items
                .iter()
                .enumerate()
                .map(|(position, node)| Self {
                    path: format!("{}[{position}]", self.path),
                    node: Some(node),
                    place: node.place,
                })
                .collect(),
            Some(node) => {
                findings.block(
                    self,
                    format!("`{}` is {}, not a list", self.path, node.kind()),
                    "write a list, each element after `- `",
                );
                Vec::new()
            }
        }
    }

    /// The text of a scalar as written; numbers and truth values too, because `version: 1.10` is a text.
    pub fn text(&self, findings: &mut Findings) -> Option<String> {
        match &self.node?.data {
            Data::Scalar(scalar) => Some(scalar.text.clone()),
            _ => {
                let kind = self.node.map_or("nothing", Node::kind);
                findings.block(
                    self,
                    format!("`{}` is {kind}, not a text", self.path),
                    "write a single value",
                );
                None
            }
        }
    }

    /// The text of a scalar that must be there and not be blank.
    pub fn required_text(&self, findings: &mut Findings, remedy: &str) -> Option<String> {
        if self.node.is_none() {
            findings.block(self, format!("`{}` is missing", self.path), remedy);
            return None;
        }
        let text = self.text(findings)?;
        if text.trim().is_empty() {
            findings.block(self, format!("`{}` is empty", self.path), remedy);
            return None;
        }
        Some(text)
    }

    /// A value of a type that parses itself.
    pub fn parse<T>(&self, findings: &mut Findings, remedy: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(findings)?;
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                findings.block(self, error.to_string(), remedy);
                None
            }
        }
    }

    pub fn truth(&self, findings: &mut Findings) -> Option<bool> {
        let text = self.text(findings)?;
        match text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => {
                findings.block(
                    self,
                    format!("`{}` is `{text}`, not true or false", self.path),
                    "write true or false",
                );
                None
            }
        }
    }

    /// A list of texts, or one text standing for a list of one.
    pub fn texts(&self, findings: &mut Findings) -> Vec<String> {
        if let Some(Node {
            data: Data::Scalar(_),
            ..
        }) = self.node
        {
            return self.text(findings).into_iter().collect();
        }
        let items = self.items(findings);
        items
            .iter()
            .filter_map(|item| item.text(findings))
            .collect()
    }

    /// Texts by name, such as an environment.
    pub fn text_map(&self, findings: &mut Findings) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (key, field) in self.entries(findings) {
            if field.node.is_some_and(Node::is_null) {
                map.insert(key.to_owned(), String::new());
            } else if let Some(text) = field.text(findings) {
                map.insert(key.to_owned(), text);
            }
        }
        map
    }

    /// A path inside the bundle, without `./` in front.
    pub fn path(&self, findings: &mut Findings) -> Option<String> {
        let text = self.text(findings)?;
        match bundle_path(&text) {
            Some(path) => Some(path),
            None => {
                findings.block(
                    self,
                    format!("`{text}` does not name a place inside the bundle"),
                    "write a path relative to plugin.yaml with `/` between folders and without `..`",
                );
                None
            }
        }
    }
}

/// Normalises a path an author wrote (`./backend/`) to the form of entry names; `.` is the root.
pub fn bundle_path(text: &str) -> Option<String> {
    let text = text.trim();
    let absolute = text.starts_with('/') || text.as_bytes().get(1) == Some(&b':');
    if text.is_empty() || absolute || text.contains(['\\', '\0']) {
        return None;
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    })
}
