//! `init`: a complete plugin folder to start from.

mod templates;

use std::path::{Path, PathBuf};

use px_model::PluginId;
use serde_json::json;

use crate::failure::Failure;
use crate::files::{self, Access};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::session::Session;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A sandboxed component (WASI 0.2), written in Rust.
    Wasm,
    /// A native process with an HTTP server, written in Rust.
    Process,
    /// Pages only.
    Static,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Process => "process",
            Self::Static => "static",
        }
    }

    /// What to type before `px-plugin check`.
    fn build(self, names: &Names) -> Vec<String> {
        let crate_file = &names.crate_file;
        let steps: &[&str] = match self {
            Self::Static => &[],
            Self::Wasm => &[
                "cargo build --release --target wasm32-wasip2",
                "mkdir -p backend",
            ],
            Self::Process => &[
                "cargo build --release",
                "mkdir -p backend/bin",
                "cp target/release/plugin target/release/migrate backend/bin/",
            ],
        };
        let mut steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        if self == Self::Wasm {
            steps.push(format!(
                "cp target/wasm32-wasip2/release/{crate_file}.wasm backend/plugin.wasm"
            ));
        }
        steps
    }
}

/// Options of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin init com.example.notes
  px-plugin init com.example.notes --kind process --dir notes --name \"Notes\"
  px-plugin init com.example.notes --kind static && px-plugin check notes")]
pub struct Args {
    /// Reverse-domain name under a domain of yours, such as com.example.notes.
    plugin_id: String,
    /// What to make.
    #[arg(long, value_enum, default_value_t = Kind::Wasm)]
    kind: Kind,
    /// Folder to make; the last part of the id when absent.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Name for people; made from the id when absent.
    #[arg(long)]
    name: Option<String>,
    /// Who makes it; made from the id when absent.
    #[arg(long)]
    author: Option<String>,
}

/// Texts that templates are filled with.
struct Names {
    id: String,
    name: String,
    author: String,
    slug: String,
    crate_name: String,
    crate_file: String,
    platform: String,
}

/// Makes the folder.
///
/// # Errors
/// When the id is none, or the folder is not empty.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let id: PluginId = args
        .plugin_id
        .parse()
        .map_err(|error: px_model::NameError| {
            Failure::usage(
                error.to_string(),
                "Choose a name under a domain of yours, such as com.example.notes.",
            )
        })?;
    let names = names(&id, args)?;
    let dir = session.path(
        args.dir
            .as_deref()
            .unwrap_or_else(|| Path::new(&names.slug)),
    );
    refuse_to_overwrite(&dir, session)?;
    let mut written = Vec::new();
    for (path, text) in templates::of(args.kind) {
        files::write(
            &dir.join(path),
            fill(text, &names).as_bytes(),
            Access::Shared,
        )?;
        written.push(path);
    }
    let shown = session.shown(&dir);
    let kind = args.kind.as_str();
    let steps = args.kind.build(&names);
    let document =
        json!({ "pluginId": id, "kind": kind, "path": dir, "files": written, "build": steps });
    let mut page = Page::new()
        .item(
            Mark::Good,
            Text::from(format!("Made a {kind} plugin in ")).and(Tone::Strong, shown.as_str()),
        )
        .heading("Next");
    if shown != "." {
        page = page.line(Text::toned(Tone::Code, format!("  cd {shown}")));
    }
    for step in steps.iter().map(String::as_str).chain(["px-plugin check"]) {
        page = page.line(Text::toned(Tone::Code, format!("  {step}")));
    }
    Ok(Outcome::new(&document, page).essence(dir.display().to_string()))
}

fn names(id: &PluginId, args: &Args) -> Result<Names, Failure> {
    let parts: Vec<&str> = id.as_str().split('.').collect();
    let slug = parts.last().copied().unwrap_or_default().to_owned();
    let domain: Vec<&str> = parts[..parts.len() - 1].iter().rev().copied().collect();
    let letter_first = |text: &str| {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            format!("p{text}")
        } else {
            text.to_owned()
        }
    };
    let crate_name = letter_first(&slug);
    Ok(Names {
        id: id.to_string(),
        name: quoted(&args.name.clone().unwrap_or_else(|| title(&slug)), "--name")?,
        author: quoted(
            &args.author.clone().unwrap_or_else(|| domain.join(".")),
            "--author",
        )?,
        crate_file: crate_name.replace('-', "_"),
        crate_name,
        platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
        slug,
    })
}

/// `word-count` becomes `Word count`.
fn title(slug: &str) -> String {
    let words = slug.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Texts go into YAML, Markdown and HTML: characters that mean something there are refused, not escaped.
fn quoted(text: &str, option: &str) -> Result<String, Failure> {
    let text = text.trim();
    let fits = (1..=80).contains(&text.chars().count())
        && text.starts_with(char::is_alphanumeric)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || " .,-_()+@".contains(c));
    if fits {
        return Ok(text.to_owned());
    }
    Err(Failure::usage(
        format!("`{text}` does not do for {option}"),
        "Use 1 to 80 letters, digits, spaces and .,-_()+@, beginning with a letter or digit.",
    ))
}

/// Nothing that is there is touched.
fn refuse_to_overwrite(dir: &Path, session: &Session) -> Result<(), Failure> {
    let busy = match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(Failure::file(dir, &error)),
    };
    if busy {
        return Err(Failure::usage(
            format!("`{}` is not empty", session.shown(dir)),
            "Nothing was changed. Choose another folder with `--dir`.",
        ));
    }
    Ok(())
}

fn fill(text: &str, names: &Names) -> String {
    [
        ("{{id}}", &names.id),
        ("{{name}}", &names.name),
        ("{{author}}", &names.author),
        ("{{slug}}", &names.slug),
        ("{{crate}}", &names.crate_name),
        ("{{crate_file}}", &names.crate_file),
        ("{{platform}}", &names.platform),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (mark, value)| {
        text.replace(mark, value)
    })
}
