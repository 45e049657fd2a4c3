//! `px-bench`: takes the figures of `docs/benchmarks.md`; see `cargo xtask bench`.

mod author;
mod figure;
mod groups;
mod install;
mod load;
mod machine;
mod process;
mod report;
mod serve;
mod site;
mod store;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use groups::Surroundings;
use report::Report;

#[derive(Parser)]
#[command(name = "px-bench", about = "Takes the figures of docs/benchmarks.md")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take figures and write them down
    Run(Run),
    /// A server that does nothing
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        ready: PathBuf,
    },
    /// A receiver that counts
    #[command(hide = true)]
    Receiver {
        #[arg(long)]
        ready: PathBuf,
    },
    /// A component without a gateway
    #[command(hide = true)]
    Component {
        file: PathBuf,
        folder: PathBuf,
        #[arg(long)]
        ready: PathBuf,
    },
}

#[derive(clap::Args)]
struct Run {
    /// Only this group; repeat for more
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(groups::NAMES))]
    only: Vec<String>,
    /// Root of the repository
    #[arg(long)]
    root: PathBuf,
    /// Folder of the programs to measure
    #[arg(long)]
    programs: PathBuf,
    /// Folder of peers, besides the search path
    #[arg(long)]
    tools: Vec<PathBuf>,
    /// Page to write
    #[arg(long)]
    markdown: PathBuf,
    /// The same for programs
    #[arg(long)]
    json: PathBuf,
    /// What was typed
    #[arg(long, default_value = "px-bench run")]
    typed: String,
    /// Small amounts, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match args.command {
                Command::Run(run) => take(run).await,
                Command::Bare { ready } => serve::bare(&ready).await.map(|()| true),
                Command::Receiver { ready } => serve::receiver(&ready).await.map(|()| true),
                Command::Component {
                    file,
                    folder,
                    ready,
                } => serve::component(&file, &folder, &ready)
                    .await
                    .map(|()| true),
            }
        })
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("px-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn say(text: &str) {
    println!("{text}");
}

/// Answers whether every group was measured whole; a missed aim is a figure, not a failure.
async fn take(run: Run) -> anyhow::Result<bool> {
    let scratch = tempfile::Builder::new().prefix("px-bench-").tempdir()?;
    let machine = machine::Machine::look(scratch.path())?;
    let around = Surroundings {
        root: run.root.canonicalize()?,
        programs: run.programs,
        tools: run.tools,
        scratch: scratch.path().to_owned(),
        quick: run.quick,
    };
    let mut groups = Vec::new();
    for name in groups::NAMES {
        if !run.only.is_empty() && !run.only.iter().any(|wanted| wanted == name) {
            continue;
        }
        say(&format!("==> {name}"));
        let Some(group) = groups::take(name, &around).await else {
            continue;
        };
        for figure in &group.figures {
            let peer = figure.peer.as_ref().map_or(String::new(), |peer| {
                let ratio = figure.ratio.unwrap_or(f64::NAN);
                let value = report::amount(peer.value, figure.unit);
                format!(" | {} {value} | {ratio:.2} ×", peer.name)
            });
            let met = match figure.met {
                Some(true) => " | met",
                Some(false) => " | MISSED",
                None => "",
            };
            let value = report::amount(figure.value, figure.unit);
            say(&format!("    {}: {value}{peer}{met}", figure.name));
        }
        if let Some(why) = &group.failed {
            say(&format!("    NOT WHOLE: {why}"));
        }
        say(&format!("    {:.0} s", group.seconds));
        groups.push(group);
    }
    let whole = groups.iter().all(|group| group.failed.is_none());
    let report = Report {
        commit: machine::commit(&around.root),
        machine,
        command: run.typed,
        at: jiff::Timestamp::now()
            .strftime("%Y-%m-%d %H:%M UTC")
            .to_string(),
        groups,
    };
    report.write(&run.markdown, &run.json)?;
    Ok(whole)
}
