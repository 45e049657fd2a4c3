//! From who asks to what the use cases want to know about them.

use axum::extract::FromRequestParts;
use http::request::Parts;
use px_api::Code;
use px_model::{Role, Scope};
use px_web::Failure;
use px_web::identity::{
    Caller, Installation, MarketOperator, Publisher, PublisherReader, Reach, Reviewer,
};

use crate::app::authority::{
    InstallationAuth, OperatorAuth, PublisherAuth, ReviewerAuth, ViewerAuth,
};

pub(super) fn publisher(who: &Publisher) -> PublisherAuth {
    PublisherAuth {
        publisher: who.publisher(),
        actor: who.actor(),
    }
}

pub(super) fn reader(who: &PublisherReader) -> PublisherAuth {
    PublisherAuth {
        publisher: who.publisher(),
        actor: who.actor(),
    }
}

pub(super) fn reviewer(who: &Reviewer) -> ReviewerAuth {
    ReviewerAuth {
        account: who.account().to_string(),
        publishers: who.caller().publishers(),
        actor: who.actor(),
    }
}

pub(super) fn operator(who: &MarketOperator) -> OperatorAuth {
    OperatorAuth { actor: who.actor() }
}

/// An installation whose token may report and subscribe, or one that may only follow.
pub(super) fn installation(who: &Installation, scope: Scope) -> Result<InstallationAuth, Failure> {
    if who.caller().allows(&[scope]) {
        Ok(InstallationAuth {
            installation: who.id(),
            actor: who.actor(),
        })
    } else {
        let needs = format!("This needs a token with scope `{}`.", scope.as_str());
        Err(Failure::new(Code::Forbidden, needs))
    }
}

/// Whoever may see versions that are not listed: their publisher, reviewers, operators.
pub(super) struct Viewer(pub ViewerAuth);

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let caller = parts
            .extensions
            .get::<Caller>()
            .cloned()
            .unwrap_or_default();
        if !caller.is_signed_in() {
            let detail = "This needs somebody signed in or a token.";
            return Err(Failure::new(Code::Unauthenticated, detail));
        }
        viewer(&caller).map(Self).ok_or_else(|| {
            let detail = "This needs the role publisher, reviewer or market_operator, and a token \
                          with scope `plugin.read`, `review.decide` or `market.operate`.";
            Failure::new(Code::Forbidden, detail)
        })
    }
}

/// Who may take versions back: operators, and publishers their own.
pub(super) enum Keeper {
    /// Somebody who runs the Marketplace.
    Operator(OperatorAuth),
    /// Somebody who publishes.
    Publisher(PublisherAuth),
}

impl<S: Send + Sync> FromRequestParts<S> for Keeper {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        if let Ok(who) = MarketOperator::from_request_parts(parts, state).await {
            return Ok(Self::Operator(operator(&who)));
        }
        let who = Publisher::from_request_parts(parts, state).await?;
        Ok(Self::Publisher(publisher(&who)))
    }
}

/// What a caller may see, if anything.
pub(super) fn viewer(caller: &Caller) -> Option<ViewerAuth> {
    let actor = caller.actor();
    let is = |role, scope| caller.holds(role, Reach::Everywhere) && caller.allows(&[scope]);
    if is(Role::MarketOperator, Scope::MarketOperate) {
        return Some(ViewerAuth::Operator(OperatorAuth { actor }));
    }
    if is(Role::Reviewer, Scope::ReviewDecide) {
        return Some(ViewerAuth::Reviewer(ReviewerAuth {
            account: caller.account()?.to_string(),
            publishers: caller.publishers(),
            actor,
        }));
    }
    let publishers = caller.publishers();
    let reads = caller.allows(&[Scope::PluginRead, Scope::PluginPublish]);
    (reads && !publishers.is_empty()).then_some(ViewerAuth::Member(publishers))
}
