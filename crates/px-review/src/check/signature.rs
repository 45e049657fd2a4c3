//! The publisher's signature (PRV-01).

use crate::catalogue::CheckId;
use crate::context::Context;
use crate::report::{Finding, Location};
use crate::sink::Sink;
use px_package::names::SIGNATURE;
use px_package::signature::{VerifyFault, examine_reader};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Verifies the whole file: signature, chain, revocations, and that it is the publisher who registered the version.
pub(crate) fn check(path: &Path, context: &Context, sink: &mut Sink) {
    let check = CheckId::Prv01;
    let Some(trust) = &context.trust else {
        return sink.missing(check, "no trust roots were given to judge the signature by");
    };
    sink.ran(check);
    let verified = File::open(path)
        .map_err(VerifyFault::from)
        .and_then(|file| {
            examine_reader(
                BufReader::new(file),
                context.limits,
                trust.now,
                &trust.revocations,
            )
        })
        .and_then(|examined| examined.trust(&trust.roots));
    let add = |sink: &mut Sink, seen: String, remedy: &str| {
        sink.add(Finding::new(check, seen, remedy).at(Location::file(SIGNATURE)));
    };
    match verified {
        Ok(verified) => {
            let signer = &verified.publisher;
            if let Some(expected) = context.publisher.filter(|expected| *expected != signer.id) {
                let seen = format!(
                    "the bundle is signed by `{}` ({}), not by {expected}, who registered it",
                    signer.name, signer.id
                );
                add(
                    sink,
                    seen,
                    "sign with a key of the publisher that registered the version",
                );
            }
        }
        Err(fault) if fault.is_transient() => sink.failed(check, fault.to_string()),
        Err(fault) => add(
            sink,
            fault.to_string(),
            "sign the packed bundle with `px-plugin sign` and a registered key",
        ),
    }
}
