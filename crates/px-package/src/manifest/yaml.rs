//! YAML 1.2 into a small tree that remembers where everything stood.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Longest text that is read; real manifests have a few dozen kilobytes.
pub const MAX_TEXT: usize = 1024 * 1024;
/// Most values a document may have after aliases are expanded.
const MAX_NODES: usize = 50_000;
/// Most bytes of text the expanded document may hold.
const MAX_EXPANDED: usize = 4 * 1024 * 1024;
/// Deepest nesting.
const MAX_DEPTH: usize = 64;

/// Where something stands in the text: line and column from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    pub data: Data,
    pub place: Place,
}

/// A mapping's key and where it stands.
#[derive(Debug, Clone)]
pub struct Key {
    pub text: String,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Data {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A scalar as written, and what the core schema makes of it.
#[derive(Debug, Clone)]
pub struct Scalar {
    pub text: String,
    pub json: Value,
}

/// Why a text is not a document we read.
#[derive(Debug, Clone)]
pub struct YamlFault {
    pub rule: &'static str,
    pub place: Place,
    pub field: String,
    pub message: String,
    pub remedy: &'static str,
}

impl Node {
    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find_map(|(k, v)| (k.text == key).then_some(v))
    }

    /// Keys and values; none when this is not a mapping.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What it is, in words.
    pub const fn kind(&self) -> &'static str {
        match &self.data {
            Data::Scalar(scalar) => match scalar.json {
                Value::Null => "nothing",
                Value::Bool(_) => "a truth value",
                Value::Number(_) => "a number",
                _ => "a text",
            },
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    pub const fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar(s) if matches!(s.json, Value::Null))
    }

    /// As JSON, keys in the order they were written.
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Scalar(scalar) => scalar.json.clone(),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(k, v)| (k.text.clone(), v.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Parses one document. `Ok(None)` is an empty one.
pub fn parse(text: &str) -> Result<Option<Node>, YamlFault> {
    if text.len() > MAX_TEXT {
        return Err(YamlFault {
            rule: "MAN-01",
            place: Place::default(),
            field: String::new(),
            message: format!(
                "the file has {} bytes, at most {MAX_TEXT} are read",
                text.len()
            ),
            remedy: "move large parts into catalog files",
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|e| scan_fault(&e))?;
        builder.event(event, place(&span))?;
    }
    Ok(builder.root)
}

fn scan_fault(error: &ScanError) -> YamlFault {
    YamlFault {
        rule: "MAN-01",
        place: Place {
            line: error.marker().line(),
            column: error.marker().col() + 1,
        },
        field: String::new(),
        message: format!("not YAML: {}", error.info()),
        remedy: "mend the syntax at this place",
    }
}

fn place(span: &Span) -> Place {
    Place {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

/// A list or mapping whose end has not been seen.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Key>,
    seen: HashSet<String>,
    /// Values of `<<`, merged when the mapping ends.
    merges: Vec<Node>,
    /// Nodes and bytes counted before it, to know what an alias to it costs.
    before: (usize, usize),
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    stack: Vec<Open>,
    anchors: HashMap<usize, (Node, (usize, usize))>,
    documents: usize,
    nodes: usize,
    bytes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), YamlFault> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.fault(
                        "MAN-01",
                        place,
                        "a second document begins here",
                        "keep one document per file",
                    ));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let before = (self.nodes, self.bytes);
                self.count(1, text.len(), place)?;
                let node = Node {
                    data: Data::Scalar(scalar(text, style, tag.as_deref())),
                    place,
                };
                self.close(node, anchor, before)
            }
            Event::SequenceStart(anchor, _) => self.open(Data::List(Vec::new()), anchor, place),
            Event::MappingStart(anchor, _) => self.open(Data::Map(Vec::new()), anchor, place),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some((node, (nodes, bytes))) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.fault(
                        "MAN-02",
                        place,
                        "an alias refers to a value that contains it",
                        "write the value out",
                    ));
                };
                let before = (self.nodes, self.bytes);
                self.count(nodes, bytes, place)?;
                if self.stack.len() + depth(&node) > MAX_DEPTH {
                    return Err(self.too_deep(place));
                }
                self.close(Node { place, ..node }, 0, before)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize, bytes: usize, place: Place) -> Result<(), YamlFault> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > MAX_NODES || self.bytes > MAX_EXPANDED {
            return Err(self.fault(
                "MAN-02",
                place,
                "the document grows beyond 50,000 values or 4 MiB when its aliases are expanded",
                "write fewer or smaller anchors",
            ));
        }
        Ok(())
    }

    fn open(&mut self, data: Data, anchor: usize, place: Place) -> Result<(), YamlFault> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.too_deep(place));
        }
        let before = (self.nodes, self.bytes);
        self.count(1, 0, place)?;
        self.stack.push(Open {
            node: Node { data, place },
            anchor,
            key: None,
            seen: HashSet::new(),
            merges: Vec::new(),
            before,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), YamlFault> {
        let Some(mut open) = self.stack.pop() else {
            return Ok(());
        };
        if let Data::Map(entries) = &mut open.node.data {
            for (key, value) in open.merges.iter().flat_map(Node::entries) {
                if open.seen.insert(key.text.clone()) {
                    entries.push((key.clone(), value.clone()));
                }
            }
        }
        self.close(open.node, open.anchor, open.before)
    }

    /// A value is complete: it becomes a key, an element, a mapping's value or the document.
    fn close(
        &mut self,
        node: Node,
        anchor: usize,
        before: (usize, usize),
    ) -> Result<(), YamlFault> {
        if anchor > 0 {
            let cost = (self.nodes - before.0, self.bytes - before.1);
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        let Some(mut open) = self.stack.pop() else {
            self.root = Some(node);
            return Ok(());
        };
        let outcome = self.attach(&mut open, node);
        self.stack.push(open);
        outcome
    }

    fn attach(&mut self, open: &mut Open, node: Node) -> Result<(), YamlFault> {
        let entries = match &mut open.node.data {
            Data::List(items) => {
                items.push(node);
                return Ok(());
            }
            Data::Map(entries) => entries,
            Data::Scalar(_) => return Ok(()),
        };
        match open.key.take() {
            None => {
                let Data::Scalar(scalar) = &node.data else {
                    return Err(self.fault(
                        "MAN-01",
                        node.place,
                        "a key is a list or mapping",
                        "use texts as keys",
                    ));
                };
                let key = Key {
                    text: scalar.text.clone(),
                    place: node.place,
                };
                if key.text != "<<" && !open.seen.insert(key.text.clone()) {
                    let mut fault = self.fault("MAN-02", key.place, "", "keep one of the two");
                    fault.message = format!("the key `{}` stands here a second time", key.text);
                    fault.field = join(&fault.field, &key.text);
                    return Err(fault);
                }
                open.key = Some(key);
            }
            Some(key) if key.text == "<<" => match node.data {
                Data::List(items) => open.merges.extend(items),
                _ => open.merges.push(node),
            },
            Some(key) => entries.push((key, node)),
        }
        Ok(())
    }

    fn too_deep(&self, place: Place) -> YamlFault {
        self.fault(
            "MAN-02",
            place,
            "the document is nested deeper than 64 levels",
            "flatten it",
        )
    }

    fn fault(
        &self,
        rule: &'static str,
        place: Place,
        message: &str,
        remedy: &'static str,
    ) -> YamlFault {
        let mut field = String::new();
        for open in &self.stack {
            match (&open.node.data, &open.key) {
                (Data::List(items), _) => field.push_str(&format!("[{}]", items.len())),
                (_, Some(key)) => field = join(&field, &key.text),
                _ => {}
            }
        }
        YamlFault {
            rule,
            place,
            field,
            message: message.to_owned(),
            remedy,
        }
    }
}

/// Appends a key to a dotted path.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn depth(node: &Node) -> usize {
    let deepest = match &node.data {
        Data::Scalar(_) => return 0,
        Data::List(items) => items.iter().map(depth).max(),
        Data::Map(entries) => entries.iter().map(|(_, v)| depth(v)).max(),
    };
    1 + deepest.unwrap_or(0)
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Scalar {
    let is_text = style != ScalarStyle::Plain
        || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    let json = if is_text {
        Value::String(text.to_string())
    } else {
        core_schema(&text)
    };
    Scalar {
        text: text.into_owned(),
        json,
    }
}

/// Resolves a plain scalar by the core schema (YAML 1.2.2, 10.3.2).
///
/// A number becomes a JSON number only if JSON would write it the same way; `2025.10`, `1e3` or `0x1F`
/// stay texts, so that nothing changes on the way through `manifest.json`.
fn core_schema(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let number = text
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
        .or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    match number {
        Some(number) if number.to_string() == text => Value::Number(number),
        _ => Value::String(text.to_owned()),
    }
}
