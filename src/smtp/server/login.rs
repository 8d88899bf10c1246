//! Who the peer says it is, checked: at AUTH, and again at MAIL, since a credential may have ended meanwhile.

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection;
use super::conversation::{Conversation, End};
use crate::credential::NotVerified;
use crate::mail::Reply;
use crate::smtp::auth::Login;
use crate::smtp::session::Verified;
use crate::telemetry::metrics;

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// What to say at MAIL where the credential is no longer in force. Where that can't be found out now, it
    /// is asked again when the data has come.
    pub(super) async fn confirm(&mut self) -> Option<Reply> {
        let holder = self.session.holder()?.id;
        match self.shared.verifier.still_in_force(holder).await {
            Ok(false) => Some(self.session.revoked()),
            Ok(true) | Err(_) => None,
        }
    }

    pub(super) async fn verify(&self, login: Login) -> Result<Verified, End> {
        let address = self.guest.address;
        let found = self.shared.verifier.login(address, &login.user, &login.password).await;
        metrics::login("smtp", found.as_ref().map_or_else(NotVerified::word, |_| "done"));
        Ok(match found {
            Ok(credential) => {
                let holder = connection::holder(&credential);
                self.guest.may_stay(&holder).map_err(End::Farewell)?;
                Verified::Holder(holder)
            }
            Err(NotVerified::Wrong) => {
                tracing::warn!(peer = self.shared.verifier.shown(address), "SMTP login failed");
                Verified::Wrong
            }
            Err(NotVerified::Refused { again_in }) => {
                metrics::limited("smtp", "max_failures");
                let peer = self.shared.verifier.shown(address);
                tracing::debug!(peer, "SMTP login refused after too many that failed");
                let text = format!("too many failed logins, try again in {} s", again_in.as_secs() + 1);
                return Err(End::Farewell(Reply::new(421, (4, 7, 0), text)));
            }
            Err(NotVerified::Busy) => {
                tracing::warn!("an SMTP login was put off: too many are being checked");
                Verified::Unavailable
            }
            Err(NotVerified::Store(error)) => {
                tracing::error!(%error, "an SMTP login could not be checked");
                Verified::Unavailable
            }
        })
    }
}
