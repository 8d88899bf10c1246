//! Somebody signs up: the person is asked, by a mail of ours, to confirm it. Sign-up and mail are one commit, and nothing
//! of the sign-up is kept where the person can't be asked.
//!
//! Whoever tells of it may be a robot that fills in a form: the mail says no more than what is needed to answer it, and
//! carries no link but ours. DESIGN.md, "Who attacks, and with what".

use std::time::Duration;

use uuid::Uuid;

use super::own::{IfRefused, NotSent, OwnMail};
use super::{Intake, Receipt};
use crate::compose::{Block, Letter, Place, Quote, spoken, unlinked};
use crate::consent::EventKind;
use crate::consent::event::SignedUpBy;
use crate::language;
use crate::mail::Address;
use crate::mail::address::domain_to_ascii;
use crate::policy::sender::SenderPolicy;
use crate::policy::{Scope, Stream};
use crate::record::{Provenance, new_fact};
use crate::store::{NewFact, Who};

/// A link that lives shorter says nothing of it.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Who signed up for what, and what shows it.
#[derive(Clone, Debug)]
pub struct SignUp {
    pub sender: String,
    pub email: Address,
    /// At least one.
    pub scopes: Vec<Scope>,
    pub by: SignedUpBy,
    /// Its evidence is an object.
    pub provenance: Provenance,
    pub form: Form,
}

/// Where the person signed up, as told.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub url: Option<String>,
    pub text: Option<String>,
}

impl SignUp {
    /// To be recorded.
    pub fn fact(&self) -> NewFact {
        let kind = EventKind::SignupRequested { scopes: self.scopes.clone(), by: self.by };
        new_fact(&self.sender, Who::Address(self.email.clone()), kind, None, self.provenance.clone())
    }
}

impl Intake {
    /// Asks the person to confirm; the sign-up is recorded if they are asked. In the language that was told or is
    /// recorded, else the sender's. `id` becomes the sign-up's.
    pub async fn ask_to_confirm(
        &self,
        id: Uuid,
        signup: &SignUp,
        if_refused: IfRefused,
    ) -> Result<Receipt, NotSent> {
        let policy = self.policies.load_full();
        let sender = policy.sender(&signup.sender).ok_or(NotSent::NoPolicy)?;
        let known = self.store.consent_of(&signup.sender, std::slice::from_ref(&signup.email)).await?;
        let recorded = known.into_iter().flatten().find_map(|known| known.state.locale);
        let language = spoken(sender, signup.provenance.locale.as_deref(), recorded.as_deref());
        let own = OwnMail {
            sender: signup.sender.clone(),
            to: signup.email.clone(),
            stream: Stream::Confirmation,
            scopes: signup.scopes.clone(),
            letter: letter(sender, signup, language),
            signup: Some(NewFact { id: Some(id), ..signup.fact() }),
            if_refused,
            about: None,
        };
        self.send_own(own).await
    }
}

fn letter(sender: &SenderPolicy, signup: &SignUp, language: &'static str) -> Letter {
    let say = |key: &str, more: &[(&'static str, &str)]| {
        let told: Vec<(&'static str, &str)> =
            [("sender", sender.name.as_str())].into_iter().chain(more.iter().copied()).collect();
        language::text(language, key, &told)
    };
    let lead = match signup.form.url.as_deref().and_then(host) {
        Some(host) => say("mail-confirm-lead-host", &[("host", &unlinked(&host))]),
        None => say("mail-confirm-lead", &[]),
    };
    let titles = signup.scopes.iter().map(|scope| sender.title(scope, language).to_owned());
    let mut blocks = vec![Block::Text(lead), Block::List(titles.collect())];
    if let Some(quote) = signup.form.text.as_deref().and_then(Quote::of) {
        blocks.extend([Block::Text(say("mail-confirm-form", &[])), Block::Quote(quote)]);
    }
    blocks.push(Block::Button { label: say("mail-confirm-button", &[]), place: Place::Confirm });
    blocks.push(Block::Text(say("mail-confirm-nothing", &[])));
    let days = sender.stream(Stream::Confirmation).link_life.as_secs() / DAY.as_secs();
    if days >= 2 {
        blocks.push(Block::Quiet(say("mail-confirm-days", &[("days", &days.to_string())])));
    }
    Letter { language, subject: say("mail-confirm-subject", &[]), blocks }
}

/// The website of a form; none of an address that hides it.
fn host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    domain_to_ascii(host).filter(|host| host.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::file;

    #[test]
    fn a_forms_website_is_named_where_its_address_tells_it() {
        for (url, expected) in [
            ("https://Shop.example/signup?x=1", Some("shop.example")),
            ("http://shop.example:8080", Some("shop.example")),
            ("https://bücher.example", Some("xn--bcher-kva.example")),
            ("https://shop.example@evil.example/", None),
            ("https://user:shop.example@evil.example/", None),
            ("https://localhost/", None),
            ("javascript:alert(1)", None),
            ("shop.example", None),
            ("https://a b.example", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn the_letter_says_what_for_who_asked_and_that_nothing_needs_to_be_done() {
        let policy = file::parse(&file::shipped()).unwrap().0;
        let sender = policy.sender("demo-shop").unwrap();
        let signup = SignUp {
            sender: sender.id.clone(),
            email: "anna@example.se".parse().unwrap(),
            scopes: vec!["apparel".parse().unwrap(), "furniture.office".parse().unwrap()],
            by: SignedUpBy::Told,
            provenance: Provenance::default(),
            form: Form {
                url: Some("https://shop.example/signup".to_owned()),
                text: Some("Yes, write to me. https://evil.example".to_owned()),
            },
        };
        for language in language::LANGUAGES.iter().copied() {
            let letter = letter(sender, &signup, language);
            assert!(letter.subject.contains("Demo Shop AB"), "{letter:?}");
            let Block::Text(lead) = &letter.blocks[0] else { panic!("{letter:?}") };
            assert!(lead.contains("Demo Shop AB") && lead.contains("shop.\u{200B}example"), "{lead}");
            let titles = ["apparel", "furniture.office"]
                .map(|own| sender.title(&signup.scopes[usize::from(own != "apparel")], language).to_owned());
            assert_eq!(letter.blocks[1], Block::List(titles.to_vec()));
            assert!(matches!(&letter.blocks[3], Block::Quote(_)), "{letter:?}");
            assert!(matches!(&letter.blocks[4], Block::Button { place: Place::Confirm, .. }), "{letter:?}");
            assert!(matches!(&letter.blocks[6], Block::Quiet(days) if days.contains('7')), "{letter:?}");
        }
    }
}
