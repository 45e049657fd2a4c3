//! The plugin author of the demo: the real `px-plugin`, as a process of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::process::{Child, Command};

/// A home folder, an environment and the program to run in them.
pub struct Author {
    program: PathBuf,
    home: PathBuf,
    environment: Vec<(String, String)>,
}

impl Author {
    /// Links `executable` under the name `px-plugin` into `home`: by that name it is the author's
    /// command line.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(executable: &Path, home: &Path, market: &str, token: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(home)?;
        let program = home.join(if cfg!(windows) {
            "px-plugin.exe"
        } else {
            "px-plugin"
        });
        #[cfg(unix)]
        std::os::unix::fs::symlink(executable, &program)?;
        #[cfg(not(unix))]
        std::fs::copy(executable, &program).map(drop)?;
        let environment = [
            ("HOME", home.display().to_string()),
            ("PX_MARKETPLACE_API_URL", market.to_owned()),
            ("PX_MARKETPLACE_TOKEN", token.to_owned()),
        ];
        Ok(Self {
            program,
            home: home.to_owned(),
            environment: environment.map(|(k, v)| (k.to_owned(), v)).to_vec(),
        })
    }

    /// The author's home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(folder)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command with `--format json` to its end and reads its document.
    ///
    /// # Errors
    /// When it exits with another code than 0, with what it said.
    pub async fn run(&self, folder: &Path, args: &[&str]) -> anyhow::Result<Value> {
        let (code, document, said) = self.try_run(folder, args).await?;
        if code != 0 {
            bail!(
                "px-plugin {} exited with {code}: {document} {said}",
                args.join(" ")
            );
        }
        Ok(document)
    }

    /// As [`Author::run`] for commands that are expected to fail: exit code, document, error output.
    ///
    /// # Errors
    /// When it cannot be started or does not end within two minutes.
    pub async fn try_run(
        &self,
        folder: &Path,
        args: &[&str],
    ) -> anyhow::Result<(i32, Value, String)> {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        let child = self
            .command(folder, &args)
            .spawn()
            .context("px-plugin does not start")?;
        let output = tokio::time::timeout(Duration::from_secs(120), child.wait_with_output())
            .await
            .with_context(|| {
                format!("px-plugin {} did not end in two minutes", args.join(" "))
            })??;
        let document = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok((output.status.code().unwrap_or(-1), document, said))
    }

    /// Starts a command and leaves it running.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, folder: &Path, args: &[&str]) -> anyhow::Result<Child> {
        let mut command = self.command(folder, args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().context("px-plugin does not start")
    }
}
