//! Passwords, hashed with argon2id (RFC 9106).

use crate::http::Failure;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use px_api::{Code, Problem};
use px_store::Env;
use std::fmt;

/// Fewest characters.
const MIN: usize = 10;
/// Most bytes, so that hashing stays cheap to bound.
const MAX: usize = 512;

/// A hashed password in the PHC string format.
#[derive(Clone)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl PasswordHash {
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// Hashes a password on a thread for slow work.
///
/// # Errors
/// 422 when it is shorter than 10 characters or longer than 512 bytes.
pub async fn hash_password(env: &Env, password: &str) -> Result<PasswordHash, Failure> {
    if password.chars().count() < MIN || password.len() > MAX {
        let detail = format!("A password has at least {MIN} characters and at most {MAX} bytes.");
        return Err(Problem::new(Code::InvalidField, detail.as_str())
            .field("/password", detail, "A few unrelated words are best.")
            .into());
    }
    let (password, salt) = (password.to_owned(), env.random_bytes(16));
    let work = move || -> Result<String, argon2::password_hash::Error> {
        let hash: phc::PasswordHash =
            Argon2::default().hash_password_with_salt(password.as_bytes(), &salt)?;
        Ok(hash.to_string())
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(text)) => Ok(PasswordHash(text)),
        Ok(Err(error)) => Err(Failure::internal(&error)),
        Err(error) => Err(Failure::internal(&error)),
    }
}

/// A well-formed hash that no password is known for.
const NONE: &str = "$argon2id$v=19$m=19456,t=2,p=1$cHgtbm8tYWNjb3VudC4$\
    ZEHk1jX0S0OA1rCfqr1dgcs3OkZ3sJzFh3pyrlJzLnM";

/// Whether a password fits a stored hash. Without a hash the same work is done against one that
/// fits nothing, so that the time does not tell whether the account exists.
pub(crate) async fn fits(password: &str, stored: Option<String>) -> bool {
    if password.len() > MAX {
        return false;
    }
    let known = stored.is_some();
    let text = stored.unwrap_or_else(|| NONE.to_owned());
    let password = password.to_owned();
    let work = move || {
        phc::PasswordHash::new(&text).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(false) && known
}

#[cfg(test)]
mod tests {
    use super::{Argon2, NONE, phc};

    #[test]
    fn checking_against_nobody_costs_as_much_as_against_somebody() {
        let hash = phc::PasswordHash::new(NONE).unwrap();
        let cost = argon2::Params::try_from(&hash).unwrap();
        let ours = Argon2::default();
        let ours = ours.params();
        assert_eq!(
            (cost.m_cost(), cost.t_cost(), cost.p_cost()),
            (ours.m_cost(), ours.t_cost(), ours.p_cost())
        );
        assert!(hash.salt.is_some() && hash.hash.is_some());
    }
}
