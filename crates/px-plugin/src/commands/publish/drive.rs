//! The part of a publish that the Marketplace takes part in: register, upload, submit.
//!
//! Each step is written down before the next begins, and each can be repeated: registering twice with the
//! same request id is one version, the server knows the upload's offset, submitting twice changes nothing.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use px_api::Code;
use px_api::client::Client;
use px_api::market::PublishAnswer;
use px_package::sha256_reader;
use serde_json::Value;
use url::Url;

use super::begin::Wish;
use super::journal::Journal;
use super::receipt::Receipt;
use super::state::{Lock, Publishes, State, Step};
use super::telemetry::{Figures, Telemetry};
use crate::config::Settings;
use crate::failure::Failure;
use crate::market::upload::{Upload, Watch};
use crate::market::{self, paths, retry};
use crate::printer::Mark;
use crate::project::human_bytes;
use crate::session::Session;

/// One run of `publish`.
pub struct Run<'a> {
    /// Surroundings.
    pub session: &'a Session,
    /// Settings.
    pub settings: &'a Settings,
    /// The plugin's folder.
    pub dir: &'a Path,
    /// Its publishes.
    pub publishes: &'a Publishes,
    /// Most bytes per second to upload.
    pub rate: Option<u64>,
}

/// What is told about a run afterwards.
pub struct Story {
    /// For `publish-debug.log`.
    pub journal: Journal,
    /// For telemetry.
    pub figures: Figures,
    /// When the run began.
    pub started: Timestamp,
}

impl Story {
    /// Adds a line to the journal.
    pub fn note(&mut self, session: &Session, text: &str) {
        self.journal.note(session, text);
    }
}

impl Run<'_> {
    /// Publishes from the beginning, or from where an earlier run stopped.
    ///
    /// # Errors
    /// The first failure; `publish-debug.log` then tells the story.
    pub async fn publish(&self, earlier: Option<State>, wish: &Wish<'_>) -> Result<State, Failure> {
        let session = self.session;
        let mut story = Story {
            journal: Journal::new(session, self.settings),
            figures: Figures::default(),
            started: session.now(),
        };
        market::warn_about_clear_text(session, &self.settings.api_url.value);
        let http = market::http()?;
        let name = match (&earlier, wish.request_id) {
            (Some(state), _) => state.name.clone(),
            (None, Some(id)) => id.to_owned(),
            (None, None) => format!("req_{}", session.uuid().simple()),
        };
        let manifest = if earlier.is_none() {
            Some(self.manifest()?)
        } else {
            None
        };
        let mut telemetry = match (&manifest, &earlier) {
            (Some(manifest), _) => self.telemetry(&http, &name, &manifest.id, &manifest.version),
            (None, Some(state)) => self.telemetry(
                &http,
                &name,
                &state.request.plugin_id,
                &state.request.version,
            ),
            (None, None) => {
                return Err(Failure::new(Code::Internal, "there is nothing to publish"));
            }
        };
        telemetry.started(session);
        let result = self
            .all_steps(earlier, manifest, &name, wish, &mut story)
            .await;
        let elapsed = session.now().duration_since(story.started).as_millis();
        story.figures.duration_ms = u64::try_from(elapsed).unwrap_or_default();
        let result = match result {
            Ok(state) => {
                telemetry.succeeded(session, story.figures);
                Ok(state)
            }
            Err(failure) => {
                telemetry.failed(session, story.figures, &failure);
                Err(self.with_log(failure, &name, &mut story))
            }
        };
        telemetry.finish().await;
        result
    }

    fn telemetry(
        &self,
        http: &reqwest::Client,
        name: &str,
        plugin: &px_model::PluginId,
        version: &px_model::Version,
    ) -> Telemetry {
        let endpoint = self
            .settings
            .telemetry
            .as_ref()
            .map(|setting| &setting.value);
        Telemetry::new(
            endpoint,
            http,
            name,
            plugin,
            version,
            self.settings.channel.value,
        )
    }

    /// Writes the journal, and says where it is and how to go on.
    fn with_log(&self, mut failure: Failure, name: &str, story: &mut Story) -> Failure {
        let log = story.journal.write(self.session, self.dir, &failure);
        let under_way = self
            .publishes
            .find(name)
            .is_ok_and(|state| state.step < Step::Submitted);
        let network = matches!(
            Code::find(&failure.problem.code),
            Some(Code::NetworkFailed | Code::Unavailable | Code::Internal | Code::TooMany)
        );
        if under_way && network {
            failure
                .remedy
                .push_str(" Nothing is lost: `px-plugin publish --resume` goes on from here.");
        }
        if let Some(log) = log {
            failure
                .remedy
                .push_str(&format!(" The story is in {}.", self.session.shown(&log)));
        }
        failure
    }

    async fn all_steps(
        &self,
        earlier: Option<State>,
        manifest: Option<px_package::manifest::Manifest>,
        name: &str,
        wish: &Wish<'_>,
        story: &mut Story,
    ) -> Result<State, Failure> {
        let (mut state, _lock) = match (earlier, manifest) {
            (None, Some(manifest)) => self.begin(wish, manifest, name, story).await?,
            (Some(state), _) => self.take_up(state, story)?,
            (None, None) => {
                return Err(Failure::new(Code::Internal, "there is nothing to publish"));
            }
        };
        let client = market::signed_in(self.settings, self.session)?;
        let mut renewed = false;
        while state.step < Step::Submitted {
            let result = match state.step {
                Step::Packed => self.register(&client, &mut state, story).await,
                Step::Registered => self.upload(&client, &mut state, story).await,
                Step::Uploaded | Step::Submitted => self.submit(&client, &mut state, story).await,
            };
            match result {
                // The place for the upload is gone: the same bundle is registered once more.
                Err(failure)
                    if failure.problem.code == Code::UploadExpired.as_str() && !renewed =>
                {
                    renewed = true;
                    state.request.publish_request_id =
                        format!("req_{}", self.session.uuid().simple());
                    (state.answer, state.uploaded_bytes, state.step) = (None, 0, Step::Packed);
                    self.session
                        .printer
                        .step(Mark::Warn, "The upload had expired; registering it again");
                    story.note(self.session, "the upload expired; registering again");
                }
                other => other?,
            }
            self.publishes.store(&state)?;
            story.figures.retries = state.retries;
        }
        self.publishes.tidy(&state.name);
        Ok(state)
    }

    /// Goes on with an earlier run: its bundle must be the one that was registered.
    fn take_up(&self, state: State, story: &mut Story) -> Result<(State, Lock), Failure> {
        let lock = self.publishes.lock(&state.name)?;
        story.figures.bundle_bytes = state.request.artifact.size;
        story.note(
            self.session,
            &format!("going on with {} after step {:?}", state.id(), state.step),
        );
        if state.step < Step::Uploaded {
            let path = self.publishes.bundle(&state.name);
            let file = File::open(&path).map_err(|error| Failure::file(&path, &error))?;
            let (digest, _) = sha256_reader(file).map_err(|error| Failure::file(&path, &error))?;
            if digest != state.request.artifact.sha256 {
                return Err(Failure::new(
                    Code::UploadMismatch,
                    format!(
                        "{} is not the bundle that was registered",
                        self.session.shown(&path)
                    ),
                )
                .remedy("Begin again with `px-plugin publish`."));
            }
        }
        if state.step < Step::Submitted {
            let request = &state.request;
            self.session.printer.step(
                Mark::Point,
                format!(
                    "Going on with {} {} ({})",
                    request.plugin_id,
                    request.version,
                    state.id()
                ),
            );
        }
        Ok((state, lock))
    }

    async fn register(
        &self,
        client: &Client,
        state: &mut State,
        story: &mut Story,
    ) -> Result<(), Failure> {
        let request = state.request.clone();
        let mut retries = 0;
        let answer: PublishAnswer = {
            let mut said = retry::said(self.session);
            let mut on_retry = |attempt: u32, reason: &str, pause: Duration| {
                retries += 1;
                story.note(
                    self.session,
                    &format!("register, try {attempt} failed: {reason}"),
                );
                said(attempt, reason, pause);
            };
            retry::call(self.session, &mut on_retry, || {
                client.post(paths::PUBLISH, &request)
            })
            .await?
        };
        state.retries += retries;
        story.note(
            self.session,
            &format!(
                "registered as {} {} ({})",
                answer.publish_id, answer.version_id, answer.status
            ),
        );
        if answer.status == "rejected" {
            return Err(Failure::new(
                Code::WrongState,
                format!(
                    "the Marketplace does not take {} for review",
                    answer.version_id
                ),
            )
            .remedy("`px-plugin status` tells why."));
        }
        self.session
            .printer
            .step(Mark::Good, format!("Registered as {}", answer.version_id));
        state.answer = Some(answer);
        state.step = Step::Registered;
        Ok(())
    }

    async fn upload(
        &self,
        client: &Client,
        state: &mut State,
        story: &mut Story,
    ) -> Result<(), Failure> {
        let answer = state
            .answer
            .clone()
            .ok_or_else(|| Failure::new(Code::Internal, "the version was not registered"))?;
        let (url, ours) = self.upload_url(client, &answer.upload_url)?;
        let bundle = self.publishes.bundle(&state.name);
        let size = state.request.artifact.size;
        let started = self.session.now();
        let before = state.uploaded_bytes;
        let upload = Upload {
            http: client.http(),
            url,
            token: self
                .settings
                .token
                .as_ref()
                .filter(|_| ours)
                .map(|token| &token.value),
            file: &bundle,
            size,
            rate: self.rate,
        };
        let bar = self.session.printer.bar(size, before);
        let mut watch = Keeper {
            run: self,
            state,
            story,
        };
        let result = upload.run(self.session, &bar, &mut watch).await;
        bar.finish();
        result?;
        let seconds = self
            .session
            .now()
            .duration_since(started)
            .as_secs_f64()
            .max(0.001);
        let sent = size - before.min(size);
        let speed = human_bytes((sent as f64 / seconds) as u64);
        self.session.printer.step(
            Mark::Good,
            format!(
                "Uploaded {} in {seconds:.1} s ({speed}/s)",
                human_bytes(sent)
            ),
        );
        story.note(
            self.session,
            &format!("uploaded {sent} bytes in {seconds:.1} s"),
        );
        state.step = Step::Uploaded;
        Ok(())
    }

    /// Where to upload to, and whether that host may see the token.
    fn upload_url(&self, client: &Client, given: &str) -> Result<(Url, bool), Failure> {
        let url = client.url(given)?;
        let market = &self.settings.api_url.value;
        let Some(store) = &self.settings.artifact_store else {
            let ours = url.origin() == market.origin();
            return Ok((url, ours));
        };
        // The same resource, reached over the address the author named.
        let mut moved = store.value.clone();
        let path = format!("{}{}", store.value.path().trim_end_matches('/'), url.path());
        moved.set_path(&path);
        moved.set_query(url.query());
        Ok((moved, true))
    }

    async fn submit(
        &self,
        client: &Client,
        state: &mut State,
        story: &mut Story,
    ) -> Result<(), Failure> {
        let answer = state
            .answer
            .clone()
            .ok_or_else(|| Failure::new(Code::Internal, "the version was not registered"))?;
        let path = paths::submit(answer.version_id);
        let mut retries = 0;
        let mut on_retry = |attempt: u32, reason: &str, _: Duration| {
            retries += 1;
            story.note(
                self.session,
                &format!("submit, try {attempt} failed: {reason}"),
            );
        };
        let body = serde_json::json!({});
        let _: Value =
            retry::call(self.session, &mut on_retry, || client.post(&path, &body)).await?;
        state.retries += retries;
        let receipt = Receipt::new(&answer, &state.request, self.session.now());
        receipt.write(self.dir)?;
        story.note(
            self.session,
            &format!("submitted; review {}", receipt.review_id),
        );
        state.receipt = Some(receipt);
        state.step = Step::Submitted;
        Ok(())
    }
}

/// Writes the upload's offset down while it runs.
struct Keeper<'a, 'b> {
    run: &'a Run<'b>,
    state: &'a mut State,
    story: &'a mut Story,
}

impl Watch for Keeper<'_, '_> {
    fn kept(&mut self, offset: u64) -> Result<(), Failure> {
        self.state.uploaded_bytes = offset;
        self.run.publishes.store(self.state)
    }

    fn retry(&mut self, attempt: u32, reason: &str, pause: Duration) {
        self.state.retries += 1;
        let text = format!(
            "upload, try {attempt} failed at {}: {reason}; waiting {:.1} s",
            self.state.uploaded_bytes,
            pause.as_secs_f64()
        );
        self.story.note(self.run.session, &text);
    }
}
