//! Mail over SMTP.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use px_model::NoticeId;
use serde::{Deserialize, Serialize};

use crate::deliver::Outcome;
use crate::text::shorten;
use crate::{NotifyConfig, NotifyError};

/// A mail in the receiver's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailText {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML; whatever came from outside must have been escaped.
    pub html: String,
}

/// A mail server and the sender's address.
pub(crate) struct Mailer {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    limit: Duration,
}

/// Reads a mail address.
pub(crate) fn mailbox(address: &str) -> Result<Mailbox, NotifyError> {
    address
        .parse()
        .map_err(|_| NotifyError::Address(shorten(address, 200)))
}

impl Mailer {
    /// A mailer, when a mail server is configured.
    pub(crate) fn new(config: &NotifyConfig) -> Result<Option<Self>, NotifyError> {
        let Some(url) = &config.smtp_url else {
            return Ok(None);
        };
        let from = config.mail_from.parse().map_err(|e| NotifyError::Setting {
            name: "mail_from",
            reason: format!("`{}` is not a mail address: {e}", config.mail_from),
        })?;
        // The address may hold a password, so the message does not repeat it.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|e| {
            NotifyError::Setting {
                name: "smtp_url",
                reason: format!(
                    "not an address such as smtp://user:password@host:587?tls=required: {e}"
                ),
            }
        })?;
        Ok(Some(Self {
            smtp: builder.timeout(Some(config.connect_timeout)).build(),
            from,
            limit: config.total_timeout,
        }))
    }

    /// One attempt. The notice's id is the message's, so that a second copy is recognised.
    pub(crate) async fn send(
        &self,
        id: NoticeId,
        to: &str,
        mail: MailText,
        now: jiff::Timestamp,
    ) -> Outcome {
        let message = match self.message(id, to, mail, now) {
            Ok(message) => message,
            Err(reason) => {
                return Outcome::Hopeless {
                    status: None,
                    reason,
                };
            }
        };
        match tokio::time::timeout(self.limit, self.smtp.send(message)).await {
            Ok(Ok(answer)) => Outcome::Arrived {
                status: Some(answer.code().into()),
            },
            Ok(Err(e)) => refused(&e),
            Err(_) => Outcome::Failed {
                status: None,
                reason: format!(
                    "the mail server took longer than {} s",
                    self.limit.as_secs()
                ),
                retry_after: None,
            },
        }
    }

    fn message(
        &self,
        id: NoticeId,
        to: &str,
        mail: MailText,
        now: jiff::Timestamp,
    ) -> Result<Message, String> {
        let to = mailbox(to).map_err(|e| e.to_string())?;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .date(now.into())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .subject(mail.subject)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|e| e.to_string())
    }
}

/// A refusal for good (5xx) is not tried again; everything else is.
fn refused(e: &smtp::Error) -> Outcome {
    let status = e.status().map(u16::from);
    let mut reason = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(inner) = cause {
        reason.push_str(": ");
        reason.push_str(&inner.to_string());
        cause = inner.source();
    }
    let reason = shorten(&reason, 500);
    if e.is_permanent() {
        Outcome::Hopeless { status, reason }
    } else {
        Outcome::Failed {
            status,
            reason,
            retry_after: None,
        }
    }
}
