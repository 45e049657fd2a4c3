//! Accounts beside the demo's: another publisher, a reviewer who publishes, limited tokens.

use jiff::SignedDuration;
use px_model::{AccountId, PublisherId, Role, Scope, TokenId};
use px_store::{Actor, Db};
use px_web::identity::store::{self, NewAccount, NewToken};
use px_web::identity::{Grant, Reach};

/// An account with a token.
pub struct Person {
    pub account: AccountId,
    pub token: String,
    pub token_id: TokenId,
}

fn actor() -> Actor {
    Actor::system("test")
}

/// Makes an account with these roles and a token with these scopes.
pub async fn person(db: &Db, login: &str, grants: &[Grant], scopes: &[Scope]) -> Person {
    let mut tx = db.begin().await.unwrap();
    let new = NewAccount {
        login: login.to_owned(),
        name: login.to_owned(),
        email: None,
        password: None,
        installation: None,
    };
    let account = store::create_account(&mut tx, &actor(), new).await.unwrap();
    for grant in grants {
        store::grant(&mut tx, &actor(), account, *grant)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let (token, token_id) = token(db, account, scopes, SignedDuration::from_hours(1)).await;
    Person {
        account,
        token,
        token_id,
    }
}

/// A token that holds for a time.
pub async fn token(
    db: &Db,
    account: AccountId,
    scopes: &[Scope],
    lifetime: SignedDuration,
) -> (String, TokenId) {
    let mut tx = db.begin().await.unwrap();
    let new = NewToken {
        account,
        name: "test".to_owned(),
        scopes: scopes.iter().copied().collect(),
        lifetime,
        secret: None,
    };
    let made = store::issue_token(&mut tx, &actor(), new).await.unwrap();
    tx.commit().await.unwrap();
    (made.secret, made.id)
}

/// Revokes a token.
pub async fn revoke_token(db: &Db, person: &Person) {
    let mut tx = db.begin().await.unwrap();
    let done = store::revoke_token(&mut tx, &actor(), person.account, person.token_id).await;
    assert!(done.unwrap().is_some());
    tx.commit().await.unwrap();
}

/// Takes a role away.
pub async fn revoke_role(db: &Db, account: AccountId, grant: Grant) {
    let mut tx = db.begin().await.unwrap();
    let done = store::revoke(&mut tx, &actor(), account, grant).await;
    assert!(done.unwrap().is_some());
    tx.commit().await.unwrap();
}

/// A second publisher, with somebody who publishes for it.
pub async fn publisher(db: &Db, name: &str) -> (PublisherId, Person) {
    let id = PublisherId::from_uuid(db.env().uuid());
    let mut tx = db.begin().await.unwrap();
    px_market::store::publishers::put(&mut tx, id, name)
        .await
        .unwrap();
    px_market::store::publishers::set_verified(&mut tx, id, true)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let grant = publishes_for(id);
    let scopes = [Scope::PluginPublish, Scope::PluginRead];
    (id, person(db, name, &[grant], &scopes).await)
}

/// The role of publishing for a publisher.
pub fn publishes_for(id: PublisherId) -> Grant {
    Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(id),
    }
}
