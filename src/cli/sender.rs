//! The sender that a command names. A slip in it must not pass for a sender about whom nothing is known: least of
//! all where a no is recorded, which would then stop nothing.

use anyhow::bail;

use super::told;
use crate::policy::PolicySet;
use crate::store::Store;

/// Policies as they can be read now.
pub(super) type Read = anyhow::Result<PolicySet>;

/// One that a policy names, or of whom the database holds a person or a credential: a no is taken even where the
/// sender's policy is gone or can't be read (invariant 5).
pub(super) async fn known(policies: &Read, store: &Store, name: &str) -> anyhow::Result<()> {
    let named = |all: &PolicySet| all.sender(name).is_some();
    if policies.as_ref().is_ok_and(named) || store.knows_sender(name).await? {
        return Ok(());
    }
    match policies {
        Ok(all) => bail!(unknown(all, name)),
        Err(error) => bail!("nothing is recorded of a sender `{name}`, and {}", told(error)),
    }
}

/// The same for what is recorded of a person; `--force` says that the name is right all the same.
pub(super) async fn known_or_forced(
    policies: &Read,
    store: &Store,
    name: &str,
    force: bool,
) -> anyhow::Result<()> {
    match known(policies, store, name).await {
        Err(error) if !force => Err(error.context("nothing was recorded; if the name is right, say --force")),
        _ => Ok(()),
    }
}

pub(super) fn unknown(policies: &PolicySet, name: &str) -> String {
    let known: Vec<&str> = policies.senders.keys().map(String::as_str).collect();
    format!("no policy knows the sender `{name}`; known: {}", known.join(", "))
}
