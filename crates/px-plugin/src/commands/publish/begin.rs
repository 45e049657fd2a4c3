//! The part of a publish that happens on this machine: check, pack, sign.

use std::path::Path;

use px_api::market::{Artifact, PublishRequest, SignatureRef};
use px_package::manifest::{Manifest, PublishPlan};
use px_package::pack::{PackOptions, plan_pack};

use super::drive::{Run, Story};
use super::notes;
use super::precheck::{self, Subject};
use super::receipt::Receipt;
use super::state::{Lock, State, Step};
use crate::commands::{pack, sign};
use crate::failure::Failure;
use crate::market;
use crate::market::catalog::{Listed, supported_cores};
use crate::printer::Mark;
use crate::project::{human_bytes, pack_failure};
use crate::signing::Signing;

/// What a new publish is to be like.
pub struct Wish<'a> {
    /// `publish.yml`.
    pub plan: Option<&'a PublishPlan>,
    /// `--notes`.
    pub notes: Option<&'a Path>,
    /// Whether to check first.
    pub precheck: bool,
    /// `--request-id`.
    pub request_id: Option<&'a str>,
}

impl Run<'_> {
    /// Reads the manifest; everything a publish needs to know about the folder before it starts.
    ///
    /// # Errors
    /// When the folder cannot be packed.
    pub fn manifest(&self) -> Result<Manifest, Failure> {
        let plan = plan_pack(self.dir, &PackOptions::default());
        Ok(plan
            .map_err(|error| pack_failure(error, self.dir))?
            .manifest)
    }

    /// Checks, packs, signs, and writes down where to go on from.
    ///
    /// # Errors
    /// When something is not in order.
    pub async fn begin(
        &self,
        wish: &Wish<'_>,
        manifest: Manifest,
        name: &str,
        story: &mut Story,
    ) -> Result<(State, Lock), Failure> {
        let session = self.session;
        let notes = notes::read(session, wish.notes, self.dir, &manifest.version)?;
        self.mention_unfinished(&manifest)?;
        Receipt::clear(self.dir)?;
        let key = Signing::open(session, self.settings);
        if wish.precheck {
            self.check(&manifest, notes.as_deref(), &key, story).await?;
        } else {
            session.printer.step(
                Mark::Warn,
                "Not checked here; the Marketplace checks in any case",
            );
        }
        let key = key?;
        let lock = self.publishes.lock(name)?;
        let (artifact, manifest) = self.bundle(name, &key, manifest, story)?;
        let state = State {
            schema: 1,
            name: name.to_owned(),
            step: Step::Packed,
            started_at: story.started,
            api_url: self.settings.api_url.value.to_string(),
            request: PublishRequest {
                publish_request_id: name.to_owned(),
                plugin_id: manifest.id,
                version: manifest.version,
                channel: self.settings.channel.value,
                artifact,
                permissions: manifest.permissions,
                dependencies: manifest.dependencies.requires,
                signatures: vec![SignatureRef {
                    key_fingerprint: key.fingerprint(),
                }],
                notes,
                rollout: wish.plan.and_then(|plan| serde_json::to_value(plan).ok()),
            },
            answer: None,
            uploaded_bytes: 0,
            retries: 0,
            receipt: None,
        };
        self.publishes.store(&state)?;
        Ok((state, lock))
    }

    /// Somebody who begins anew may not know that an earlier run can go on.
    fn mention_unfinished(&self, manifest: &Manifest) -> Result<(), Failure> {
        let unfinished = self.publishes.all()?.into_iter().rfind(|state| {
            let request = &state.request;
            state.step < Step::Submitted
                && request.plugin_id == manifest.id
                && request.version == manifest.version
        });
        if let Some(state) = unfinished {
            let id = state.id();
            let words = format!(
                "An earlier publish of this version is not finished; `--resume {id}` would go on with it"
            );
            self.session.printer.step(Mark::Warn, words);
        }
        Ok(())
    }

    async fn check(
        &self,
        manifest: &Manifest,
        notes: Option<&str>,
        key: &Result<Signing, Failure>,
        story: &mut Story,
    ) -> Result<(), Failure> {
        let client = market::signed_in(self.settings, self.session)?;
        let requires = manifest
            .dependencies
            .requires
            .iter()
            .map(|needed| needed.plugin.clone())
            .collect();
        let listed = Listed::fetch(self.session, &client, &manifest.id, requires).await?;
        let cores = supported_cores(self.session, &client).await?;
        let busy = self.session.printer.busy("Checking");
        let subject = Subject {
            dir: self.dir,
            manifest,
            channel: self.settings.channel.value,
            notes,
            key,
            listed,
            cores,
        };
        let items = precheck::items(self.session, subject);
        busy.finish();
        let rate = precheck::bad(&items) as f64 / items.len() as f64;
        story.figures.precheck_failure_rate = Some(rate);
        story.note(
            self.session,
            &format!(
                "precheck: {} of {} items not in order",
                precheck::bad(&items),
                items.len()
            ),
        );
        precheck::verdict(self.session, &items)
    }

    /// Packs and signs into the folder of publishes.
    fn bundle(
        &self,
        name: &str,
        key: &Signing,
        manifest: Manifest,
        story: &mut Story,
    ) -> Result<(Artifact, Manifest), Failure> {
        let session = self.session;
        let path = self.publishes.bundle(name);
        let packed = pack::pack(session, self.dir, &path)?;
        let files = packed.entries.len();
        let signed = sign::sign(session, key, &path, &path)?;
        session.printer.step(
            Mark::Good,
            format!(
                "Packed {} in {files} files and signed with profile `{}`",
                human_bytes(signed.size),
                key.profile()
            ),
        );
        story.note(
            session,
            &format!(
                "packed and signed: {} bytes, sha256 {}",
                signed.size, signed.digest
            ),
        );
        story.figures.bundle_bytes = signed.size;
        // Between looking and packing the manifest may have been edited: what was packed counts.
        let manifest = if packed.manifest == manifest {
            manifest
        } else {
            packed.manifest
        };
        Ok((
            Artifact {
                sha256: signed.digest,
                size: signed.size,
            },
            manifest,
        ))
    }
}
