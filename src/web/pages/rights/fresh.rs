//! A fresh link to a person's data, mailed to the address itself. The page says the same whatever becomes of it.

use axum::response::Response;
use uuid::Uuid;

use super::view;
use crate::compose::{Block, Letter, Place};
use crate::intake::{IfRefused, NotSent, OwnMail};
use crate::language;
use crate::mail::Address;
use crate::policy::Stream;
use crate::policy::sender::SenderPolicy;
use crate::store::{self, LetterTo};
use crate::telemetry::metrics;
use crate::web::pages::visit::Visit;
use crate::web::pages::{Pages, Trouble};

/// What a letter is about; the words of its texts begin with it.
pub(super) struct About {
    pub subject: &'static str,
    pub lead: &'static str,
    pub button: &'static str,
    pub nothing: &'static str,
}

const DATA: About = About {
    subject: "data-mail-subject",
    lead: "data-mail-lead",
    button: "data-mail-button",
    nothing: "data-mail-nothing",
};

impl Pages {
    /// Whoever holds a link of the person's may ask; only who reads the person's mail gets it.
    pub(in crate::web::pages) async fn send_fresh_link(&self, visit: &Visit) -> Result<Response, Trouble> {
        if let Some(address) = &visit.record.address {
            self.write_to(visit, address, LetterTo::Owner, &DATA).await?;
        }
        Ok(view::said(visit, "data-asked-title", "data-asked-body"))
    }

    /// Within the limits of such letters; nothing tells whether it went.
    pub(super) async fn write_to(
        &self,
        visit: &Visit,
        to: &Address,
        place: LetterTo<'_>,
        about: &About,
    ) -> Result<(), Trouble> {
        let sender = visit.sender().ok_or(Trouble::Later)?;
        let person: Uuid = visit.record.subscriber.id;
        if self.store.take_letter(person, place).await? == store::Letter::TooMany {
            metrics::limited("web", "letters");
            return Ok(());
        }
        let own = OwnMail {
            sender: visit.record.sender.clone(),
            to: to.clone(),
            stream: Stream::Functional,
            scopes: Vec::new(),
            letter: letter(sender, visit, about),
            signup: None,
            about: Some(person),
            if_refused: IfRefused::Forget,
        };
        match self.intake.send_own(own).await {
            Ok(_) => Ok(()),
            Err(NotSent::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, sender = visit.record.sender, "a link to a person's data can't be mailed");
                Err(Trouble::Later)
            }
        }
    }
}

fn letter(sender: &SenderPolicy, visit: &Visit, about: &About) -> Letter {
    let language = visit.words.language();
    let minutes = (sender.rights.fresh_link.as_secs() / 60).to_string();
    let say = |key| language::text(language, key, &[("sender", &sender.name), ("minutes", &minutes)]);
    Letter {
        language,
        subject: say(about.subject),
        blocks: vec![
            Block::Text(say(about.lead)),
            Block::Button { label: say(about.button), place: Place::Data },
            Block::Text(say("data-mail-life")),
            Block::Quiet(say(about.nothing)),
        ],
    }
}
