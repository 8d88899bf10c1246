//! Mail that comes back: which addresses are taken, and what is said of what came. Invariant 4: cannot tell is not yes.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::conversation::Conversation;
use super::{Taker, answer};
use crate::feedback::{Feedback, NotTaken, Returned};
use crate::mail::{Address, Reply};
use crate::smtp::session::{HandOver, Known};
use crate::store::Trace;
use crate::telemetry::metrics;

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// Whether a recipient is one of ours.
    pub(super) async fn look_up(&self, address: &Address) -> Known {
        // Tools' recipients are never asked about.
        let Taker::Feedback(feedback) = &self.shared.taker else { return Known::Nobody };
        match feedback.knows(address).await {
            Ok(()) => Known::Ours,
            Err(NotTaken::Nobody | NotTaken::Automatic(_) | NotTaken::NotAReport | NotTaken::NoneOfOurs) => {
                metrics::returned("nobody");
                Known::Nobody
            }
            Err(NotTaken::Store(error)) => {
                metrics::returned("failed");
                if let Some(times) = self.shared.not_looked_up.worth_a_line() {
                    tracing::error!(%error, times, "an address that mail came back to could not be looked up");
                }
                Known::Unavailable
            }
        }
    }

    pub(super) async fn take_back(&self, feedback: &Feedback, handed: HandOver, content: Bytes) -> Reply {
        let peer = self.guest.address;
        let trace = Trace { helo: handed.helo, peer: Some(peer), protocol: handed.protocol.to_owned() };
        let returned = Returned { envelope: handed.envelope, content, peer, trace };
        let taken = feedback.take(&returned).await;
        metrics::returned(match &taken {
            Ok(_) => "done",
            Err(NotTaken::Nobody) => "nobody",
            Err(NotTaken::Automatic(_)) => "automatic",
            Err(NotTaken::NotAReport | NotTaken::NoneOfOurs) => "foreign",
            Err(NotTaken::Store(_)) => "failed",
        });
        match &taken {
            Err(NotTaken::Automatic(why)) => {
                tracing::info!(%why, "mail to unsubscribe was automatic and changed nothing");
            }
            Err(NotTaken::Store(error)) => {
                tracing::error!(%error, "mail that came back could not be taken");
            }
            Ok(_) | Err(NotTaken::Nobody | NotTaken::NotAReport | NotTaken::NoneOfOurs) => {}
        }
        answer::returned(&taken)
    }
}
