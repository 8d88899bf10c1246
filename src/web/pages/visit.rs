//! A link that was opened: whose it is, what it may still do, and in which language to answer.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::dress::Dress;
use super::view::{List, Words};
use super::{Pages, Trouble, Visitor};
use crate::consent::ConsentState;
use crate::consent::token::{self, Link, Power, Purpose};
use crate::language;
use crate::policy::PolicySet;
use crate::policy::sender::SenderPolicy;
use crate::store::SubscriberRecord;

/// The token of a URL; none if it isn't text. Has no `Debug`: tokens are never logged.
pub(super) struct Token(Option<String>);

/// A person's link, opened.
pub(super) struct Visit {
    pub(super) policy: Arc<PolicySet>,
    pub(super) link: Link,
    pub(super) power: Power,
    pub(super) record: SubscriberRecord,
    pub(super) words: Words,
}

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let token = Path::<String>::from_request_parts(parts, state).await.ok();
        Ok(Self(token.map(|Path(token)| token)))
    }
}

impl Pages {
    /// Opens the link of a person about whom something is kept.
    pub(super) async fn open(
        &self,
        purpose: Purpose,
        token: &Token,
        visitor: &mut Visitor,
    ) -> Result<Visit, Trouble> {
        let visit = self.follow(purpose, token, visitor).await?;
        if visit.is_erased() { Err(Trouble::NothingKept) } else { Ok(visit) }
    }

    /// Opens a link, of an erased person too: who came back since may still say no by it. The signature
    /// stands for the sender (invariant 15).
    pub(super) async fn follow(
        &self,
        purpose: Purpose,
        token: &Token,
        visitor: &mut Visitor,
    ) -> Result<Visit, Trouble> {
        let text = token.0.as_deref().ok_or(Trouble::Missing)?;
        let keys = self.link_keys.load_full();
        let (link, power) = token::open(&keys, purpose, text).map_err(|_| Trouble::Missing)?;
        let record = self.store.subscriber_of_link(&link).await?.ok_or(Trouble::Missing)?;
        let policy = self.policies.load_full();
        let state = &record.subscriber.state;
        let words = words(policy.sender(&record.sender), &record.sender, state, power, visitor);
        // What goes wrong from here on is said in the same language.
        visitor.language = Some(words.language());
        let power = if state.erased.is_some() { Power::UnsubscribeOnly } else { power };
        Ok(Visit { policy, link, power, record, words })
    }

    /// Where the person of this visit chooses. Relative, so that it holds behind any public URL.
    pub(super) fn choose_link(&self, visit: &Visit) -> Option<String> {
        if visit.power == Power::UnsubscribeOnly {
            return None;
        }
        let link = Link { purpose: Purpose::Preferences, ..visit.link.clone() };
        Some(format!("../p/{}", token::seal(&self.link_keys.load(), &link)))
    }
}

impl Visit {
    /// The sender's policy; none once its file is gone, and then its links still unsubscribe.
    pub(super) fn sender(&self) -> Option<&SenderPolicy> {
        self.policy.sender(&self.record.sender)
    }

    /// After a change: what holds now, in the language that is chosen now.
    pub(super) fn go_on_with(&mut self, state: ConsentState) {
        self.record.subscriber.state = state;
        let told = self.state().locale.as_deref().and_then(language::known);
        if let Some(language) = told.filter(|language| *language != self.words.language()) {
            let sender = self.policy.sender(&self.record.sender);
            let own = sender.and_then(|sender| sender.in_language(&sender.texts.pages, language));
            self.words = self.words.clone().in_language(language).with_own(own);
        }
    }

    /// Whether the person whom the link names was erased.
    pub(super) fn is_erased(&self) -> bool {
        self.state().erased.is_some()
    }

    pub(super) fn state(&self) -> &ConsentState {
        &self.record.subscriber.state
    }

    /// The address as it may be shown, if this link may show any.
    pub(super) fn address(&self) -> Option<String> {
        let address = self.record.address.as_ref()?;
        (self.power == Power::Full).then(|| address.redacted())
    }

    /// The list that this link came with.
    pub(super) fn list(&self) -> List {
        match (&self.link.scope, self.sender()) {
            (None, _) => List::AllMarketing,
            (Some(scope), Some(sender)) if self.power == Power::Full => {
                List::Interest(sender.title(scope, self.words.language()).to_owned())
            }
            (Some(_), _) => List::Unnamed,
        }
    }
}

/// The recorded language, else the browser's, else the sender's. A link that may show no data doesn't show
/// the recorded one either.
fn words(
    sender: Option<&SenderPolicy>,
    id: &str,
    state: &ConsentState,
    power: Power,
    visitor: &Visitor,
) -> Words {
    let recorded = state.locale.as_deref().filter(|_| power == Power::Full).and_then(language::known);
    let own = sender.map_or("en", |sender| language::serving(&sender.default_locale));
    let language = recorded.or(visitor.language).unwrap_or(own);
    let text = sender.and_then(|sender| sender.in_language(&sender.texts.pages, language));
    let dress = sender.map_or_else(Dress::default, |sender| Dress::of(&sender.look));
    Words::new(language, sender.map_or(id, |sender| &sender.name)).with_own(text).dressed(dress)
}
