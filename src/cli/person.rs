//! The person whom a command names: an address, as one sender knows it.

use clap::Args;

use super::argument;
use crate::consent::EventKind;
use crate::mail::Address;
use crate::record::{Provenance, Recorder};
use crate::store::{Recorded, Store, Subscriber, Who};

#[derive(Args)]
pub(super) struct Person {
    #[arg(value_name = "ADDRESS", value_parser = address)]
    pub(super) address: Address,
    #[arg(long, value_parser = argument::text)]
    pub(super) sender: String,
}

impl Person {
    /// What the sender knows of the person, if anything.
    pub(super) async fn known(&self, store: &Store) -> anyhow::Result<Option<Subscriber>> {
        let known = store.consent_of(&self.sender, std::slice::from_ref(&self.address)).await?;
        Ok(known.into_iter().next().flatten())
    }

    /// Records a fact that an operator tells. A gateway that serves from this database meets it in its next
    /// claim; nobody here waits.
    pub(super) async fn record(
        &self,
        store: &Store,
        kind: EventKind,
        evidence: serde_json::Value,
    ) -> anyhow::Result<Recorded> {
        let recorder = Recorder::new(store.clone(), std::sync::Arc::default());
        let provenance = Provenance { channel: "command".to_owned(), evidence, ..Provenance::default() };
        let who = Who::Address(self.address.clone());
        Ok(recorder.record(&self.sender, who, kind, None, provenance).await?)
    }
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "not a mail address".to_owned())
}
