//! `[adaptive]` and `[[response]]` of `shaping.toml`.

use std::time::Duration;

use super::value;
use crate::policy::shaping::{Action, Adaptive, ResponseRule};
use crate::toml_file::{Given, Table, Value};

/// `[adaptive]`; what it leaves out is as where there is none.
pub fn adaptive(value: Value<'_>) -> Option<Adaptive> {
    let mut table = value.table()?;
    let mut adaptive = Adaptive::default();
    if let Some(given) = table.take("decrease", share) {
        if given.value < 1.0 {
            adaptive.decrease = given.value;
        } else {
            let message = "a whole pace slows nothing down: less than 1 is left of it, such as 0.5";
            table.source().error(&given.span, message);
        }
    }
    let mut share = |key, into: &mut f64| {
        if let Some(given) = table.take(key, share) {
            *into = given.value;
        }
    };
    share("increase", &mut adaptive.increase);
    share("floor", &mut adaptive.floor);
    let mut time = |key, into: &mut Duration| {
        if let Some(given) = table.take(key, |v| v.read(value::duration)) {
            *into = given.value;
        }
    };
    time("react", &mut adaptive.react);
    time("recover", &mut adaptive.recover);
    table.finish();
    Some(adaptive)
}

/// One `[[response]]`, and the provider that it names, which may be declared elsewhere.
pub fn response(mut table: Table<'_>) -> (Option<ResponseRule>, Option<Given<String>>) {
    let (source, rule) = (table.source(), table.rule());
    let provider = table.take("provider", |v| v.non_empty());
    let pattern = table.need("pattern", |v| v.read(value::regex));
    let words = &[("slow", Does::Slow), ("suspend", Does::Suspend), ("pause_campaign", Does::PauseCampaign)];
    let does = table.need("action", |v| v.word(words));
    let time = table.take("for", |v| v.read(value::duration));
    table.finish();
    let action = does.and_then(|does| match (does.value, time) {
        (Does::Suspend, Some(time)) => Some(Action::Suspend(time.value)),
        (Does::Suspend, None) => {
            source.error(&does.span, "for how long? `suspend` needs `for`, such as `for = \"1h\"`");
            None
        }
        (Does::Slow | Does::PauseCampaign, Some(time)) => {
            source.error(&time.span, "only `suspend` ends after a time");
            None
        }
        (Does::Slow, None) => Some(Action::Slow),
        (Does::PauseCampaign, None) => Some(Action::PauseCampaign),
    });
    let name = provider.clone().map(|given| given.value);
    let whole = pattern.zip(action);
    (
        whole.map(|(pattern, action)| ResponseRule { provider: name, pattern: pattern.value, action, rule }),
        provider,
    )
}

#[derive(Clone, Copy)]
enum Does {
    Slow,
    Suspend,
    PauseCampaign,
}

/// Above nothing, and at most the whole.
fn share(value: Value<'_>) -> Option<f64> {
    let share = value.float()?;
    if share > 0.0 && share <= 1.0 {
        return Some(share);
    }
    value.wrong(format!("`{share}` is not a share of the whole: more than 0, at most 1"))
}
