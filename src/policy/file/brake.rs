//! `[[brake]]` of the shaping files.

use std::time::Duration;

use super::value;
use crate::policy::brake::{Brake, On, Per, Share};
use crate::toml_file::Table;

/// Where a brake does not say them: as the bulk senders' rules of the large mailbox providers look at it.
const WINDOW: Duration = Duration::from_secs(7 * 86_400);
const MINIMUM: u32 = 1_000;
/// What is counted is kept for this long.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// One `[[brake]]`.
pub fn brake(mut table: Table<'_>) -> Option<Brake> {
    let (source, rule) = (table.source(), table.rule());
    let whole = table.span().clone();
    let pers = &[("campaign", Per::Campaign), ("sender", Per::Sender), ("provider", Per::Provider)];
    let per = table.need("per", |v| v.word(pers));
    let on = table.need("on", |v| v.word(&[("complaints", On::Complaints), ("bounces", On::Bounces)]));
    let window = table.take("window", |v| v.read(value::duration));
    if let Some(long) = window.as_ref().filter(|given| given.value > LONGEST) {
        source.error(&long.span, "what is counted is kept for 30 days: a window is that long at most");
    }
    let minimum = table.take("minimum", |v| v.count());
    let weaken = table.take("weaken", |v| v.read(share));
    let pause = table.take("pause", |v| v.read(share));
    table.finish();
    match (&weaken, &pause) {
        (None, None) => source.error(&whole, "a brake needs `weaken`, `pause` or both"),
        (Some(weaken), Some(pause)) if weaken.value >= pause.value => {
            source.error(&weaken.span, "the weakest ground waits first: `weaken` is less than `pause`");
        }
        _ => {}
    }
    Some(Brake {
        per: per?.value,
        on: on?.value,
        window: window.map_or(WINDOW, |given| given.value),
        minimum: minimum.map_or(MINIMUM, |given| given.value).into(),
        weaken: weaken.map(|given| given.value),
        pause: pause.map(|given| given.value),
        rule,
    })
}

/// `0.3%`.
fn share(text: &str) -> Result<Share, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a million at most, above 0"
        )]
        Some(number) if number > 0.0 && number <= 100.0 => {
            Ok(Share((number * 10_000.0).round().max(1.0) as u32))
        }
        _ => Err(format!("`{text}` is not a percentage such as `0.3%`, above 0 and at most 100")),
    }
}
