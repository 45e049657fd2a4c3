//! Secrets by their shape (SEC-01): few patterns, each precise enough to block.

use super::View;
use super::text::{Language, language, snippet};
use crate::catalogue::CheckId;
use crate::report::{Engine, Finding, Location, Severity};
use crate::sink::Sink;
use px_model::Digest;
use regex::bytes::{Regex, RegexSet};
use sha2::{Digest as _, Sha256};
use std::sync::OnceLock;

/// One kind of secret.
struct Pattern {
    what: &'static str,
    /// The first group is the secret itself.
    regex: &'static str,
    /// Further proof, on the secret.
    proof: fn(&[u8]) -> bool,
    severity: Severity,
    /// Only in settings files.
    config_only: bool,
}

const fn pattern(what: &'static str, regex: &'static str, proof: fn(&[u8]) -> bool) -> Pattern {
    Pattern {
        what,
        regex,
        proof,
        severity: Severity::Block,
        config_only: false,
    }
}

const PATTERNS: &[Pattern] = &[
    pattern(
        "a private key",
        r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----((?:\\r|\\n|\s)*(?:[A-Za-z0-9+/]{16,76}=*(?:\\r|\\n|\s)*){1,})",
        |body| body.len() >= 40 && entropy(body) > 3.0,
    ),
    pattern(
        "a PGP private key",
        r"-----BEGIN (PGP PRIVATE KEY) BLOCK-----\s+\S",
        |_| true,
    ),
    pattern(
        "an AWS access key",
        r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
        |k| !k.ends_with(b"EXAMPLE") && entropy(k) > 2.5,
    ),
    pattern(
        "an AWS secret key",
        r#"(?i)aws[a-z0-9_\-.]{0,20}secret[a-z0-9_\-.]{0,20}["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z0-9/+]{40})(?:["'\s,;]|$)"#,
        |k| !k.ends_with(b"EXAMPLEKEY") && entropy(k) > 4.0,
    ),
    pattern(
        "a GitHub token",
        r"\b(gh[pousr]_[A-Za-z0-9]{36,})\b",
        varied,
    ),
    pattern(
        "a GitHub token",
        r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
        varied,
    ),
    pattern("a GitLab token", r"\b(glpat-[A-Za-z0-9_\-]{20,})\b", varied),
    pattern(
        "a Slack token",
        r"\b(xox[baprs]-[0-9]{10,13}-[0-9A-Za-z\-]{20,})",
        varied,
    ),
    pattern(
        "a Slack webhook",
        r"(https://hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})",
        varied_tail,
    ),
    pattern(
        "a Stripe key",
        r"\b((?:sk|rk)_(?:live|test)_[0-9A-Za-z]{24,})\b",
        |k| varied(k) && !known_public(k),
    ),
    pattern(
        "a Google OAuth client secret",
        r"\b(GOCSPX-[A-Za-z0-9_\-]{28})",
        varied,
    ),
    // Browsers need such keys for maps and the like: whether this one may be public is for a person to say.
    Pattern {
        severity: Severity::Hold,
        ..pattern(
            "a Google API key",
            r"\b(AIza[0-9A-Za-z_\-]{35})(?:[^0-9A-Za-z_\-]|$)",
            varied,
        )
    },
    pattern("an npm token", r"\b(npm_[A-Za-z0-9]{36})\b", varied),
    pattern(
        "a PyPI token",
        r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{50,})",
        varied,
    ),
    pattern(
        "an Anthropic or OpenAI key",
        r"\b(sk-(?:ant-api03|proj)-[A-Za-z0-9_\-]{40,})",
        varied,
    ),
    pattern(
        "an Alibaba Cloud access key",
        r#"(?i)access_?key_?(?:id)?["']?\s{0,4}[:=]\s{0,4}["']?(LTAI[A-Za-z0-9]{16,26})\b"#,
        varied,
    ),
    Pattern {
        config_only: true,
        ..pattern(
            "a signed JSON Web Token",
            r"\b(eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{32,})",
            |k| varied(k) && !known_public(k),
        )
    },
    Pattern {
        config_only: true,
        ..pattern(
            "a password in a connection address",
            r"\b(?:postgres|postgresql|mysql|mongodb|mongodb\+srv|redis|rediss|amqp|amqps)://[^\s:/@$\{]{1,64}:([^\s@/$\{<%]{8,128})@[A-Za-z0-9]",
            |p| credential(p, 3.0),
        )
    },
    Pattern {
        config_only: true,
        ..pattern(
            "a password or key",
            r#"(?i)(?:password|passwd|pwd|secret|api_?key|apikey|access_?token|auth_?token|private_?key)["']?\s{0,4}[:=]\s{0,4}["']?([^\s"'$\{\}<>,;]{12,128})(?:["'\s,;]|$)"#,
            |p| credential(p, 3.5),
        )
    },
];

/// The patterns for a kind of file: one pass tells which of them occur at all.
struct Compiled {
    set: RegexSet,
    each: Vec<(&'static Pattern, Regex)>,
}

fn compile(config: bool) -> Result<Compiled, String> {
    let chosen: Vec<_> = PATTERNS
        .iter()
        .filter(|p| config || !p.config_only)
        .collect();
    let set = regex::bytes::RegexSetBuilder::new(chosen.iter().map(|p| p.regex))
        .unicode(false)
        .build()
        .map_err(|e| e.to_string())?;
    let one = |p: &'static Pattern| {
        let regex = regex::bytes::RegexBuilder::new(p.regex)
            .unicode(false)
            .build();
        regex.map(|regex| (p, regex)).map_err(|e| e.to_string())
    };
    let each = chosen.into_iter().map(one).collect::<Result<_, _>>()?;
    Ok(Compiled { set, each })
}

/// Settings files are looked at more closely than others.
fn compiled(config: bool) -> Result<&'static Compiled, &'static str> {
    static CONFIG: OnceLock<Result<Compiled, String>> = OnceLock::new();
    static OTHER: OnceLock<Result<Compiled, String>> = OnceLock::new();
    let slot = if config { &CONFIG } else { &OTHER };
    slot.get_or_init(|| compile(config))
        .as_ref()
        .map_err(String::as_str)
}

/// How reports name the patterns.
pub(crate) fn engine() -> Engine {
    let mut hash = Sha256::new();
    for pattern in PATTERNS {
        hash.update(pattern.regex);
        hash.update([0]);
    }
    Engine {
        name: "secrets".to_owned(),
        version: PATTERNS.len().to_string(),
        rules: Some(Digest::from_bytes(hash.finalize().into())),
    }
}

/// Looks for secrets in a window.
pub(crate) fn window(view: &View<'_>, sink: &mut Sink) {
    let compiled = match compiled(matches!(language(view.path), Language::Config)) {
        Ok(compiled) => compiled,
        Err(error) => return sink.failed(CheckId::Sec01, error),
    };
    for index in compiled.set.matches(view.bytes) {
        let (pattern, regex) = &compiled.each[index];
        for captures in regex.captures_iter(view.bytes) {
            let Some(secret) = captures.get(1).filter(|s| (pattern.proof)(s.as_bytes())) else {
                continue;
            };
            if sink.room(CheckId::Sec01) {
                sink.add(finding(pattern, view, secret.start(), secret.end()));
            } else {
                sink.omit(CheckId::Sec01);
            }
        }
    }
}

fn finding(pattern: &Pattern, view: &View<'_>, start: usize, end: usize) -> Finding {
    let shown = String::from_utf8_lossy(&view.bytes[start..end.min(start + 4)])
        .trim()
        .to_owned();
    let mut location = Location::range(
        view.path,
        view.offset + start as u64,
        view.offset + end as u64,
    );
    if view.first() {
        let lines = view.bytes[..start].iter().filter(|b| **b == b'\n').count();
        location.line = u32::try_from(lines + 1).ok();
    }
    // Libraries carry their self-tests' keys into every program: whether this is one is for a person to say.
    let severity = if view.native {
        pattern.severity.min(Severity::Hold)
    } else {
        pattern.severity
    };
    Finding::new(
        CheckId::Sec01,
        format!("{}: `{shown}…`, {} characters", pattern.what, end - start),
        "remove it, revoke it where it is valid, and read it from the plugin's settings at run time",
    )
    .at(location)
    .code(snippet(view.bytes, start, end))
    .severity(severity)
}

/// Bits per byte, from the frequencies in the text itself.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|c| **c > 0)
        .map(|c| f64::from(*c) / total)
        .map(|p| -p * p.log2())
        .sum()
}

/// Not a placeholder such as `ghp_xxxxxxxx…`.
fn varied(token: &[u8]) -> bool {
    entropy(token) > 3.3
}

fn varied_tail(token: &[u8]) -> bool {
    token.len() >= 24 && varied(&token[token.len() - 24..])
}

/// Values printed in public documentation, so that everybody has them already.
fn known_public(token: &[u8]) -> bool {
    const JWT_IO: &[u8] = b"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    const STRIPE_DOCS: &[u8] = b"4eC39HqLyjWDarjtT1zdp7dc";
    token.ends_with(JWT_IO) || token.ends_with(STRIPE_DOCS)
}

/// A value somebody would have to guess: mixed characters, random, no placeholder, no reference.
fn credential(value: &[u8], bits: f64) -> bool {
    const PLACEHOLDERS: &[&str] = &[
        "example",
        "changeme",
        "change-me",
        "change_me",
        "placeholder",
        "your",
        "xxxx",
        "password",
        "secret",
        "todo",
        "dummy",
        "sample",
        "env.",
        "process.",
        "config.",
        "vault:",
        "file:",
        "http:",
        "https:",
        "sha256",
        "sha512",
        "****",
        "ref+",
        "ssm:",
        "arn:",
    ];
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let lower = value.iter().any(u8::is_ascii_lowercase);
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let other = value.iter().any(|b| b.is_ascii_punctuation());
    let classes =
        usize::from(digits > 0) + usize::from(lower) + usize::from(upper) + usize::from(other);
    value.is_ascii()
        && digits >= 2
        && classes >= 3
        && entropy(value) >= bits
        && !PLACEHOLDERS.iter().any(|p| text.contains(p))
        && !text.contains("::")
        && !text.contains('(')
        && !text.starts_with(['/', '.', '@', '#', '&', '*', '!', '|', '['])
}
