//! The people of a shop: most have confirmed, some have bought, some have said no since, some were imported
//! without proof.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use jiff::{Timestamp, ToSpan as _};
use optgate::consent::EventKind;
use optgate::consent::event::{Acquaintance, OptIn};
use optgate::mail::Address;
use optgate::policy::Scope;
use optgate::store::{NewFact, Slice, Store, TableFact, Who};
use serde_json::json;
use tokio::sync::mpsc;

pub const SENDER: &str = "demo-shop";
/// People of one slice.
const SLICE: u64 = 2000;
/// Slices that are made ahead of the writing.
const AHEAD: usize = 4;

/// Records the people of these numbers, through the way of an import. Slices are made while others are written.
pub async fn record(store: &Store, numbers: Range<u64>, now: Timestamp) -> Result<()> {
    let (ready, mut slices) = mpsc::channel::<Slice>(AHEAD);
    let maker = store.clone();
    let end = numbers.end;
    let making = tokio::task::spawn_blocking(move || -> Result<()> {
        for start in numbers.step_by(SLICE as usize) {
            let part = start..(start + SLICE).min(end);
            let facts: Result<Vec<_>> = part.map(|number| facts(number, now)).collect();
            ready.blocking_send(maker.slice(SENDER, facts?.into_iter().flatten().collect()))?;
        }
        Ok(())
    });
    let mut importer = store.importer();
    while let Some(slice) = slices.recv().await {
        for judged in importer.write(&slice).await? {
            ensure!(judged.is_recorded(), "{:?}", judged.result);
        }
    }
    making.await?
}

/// Something that belongs to nobody who is decided on.
pub async fn write(store: &Store, number: u64) -> Result<()> {
    let who = Who::Address(address(number)?);
    let kind = EventKind::Unconfirmed { scopes: vec![scope("apparel")?] };
    let new = NewFact {
        id: None,
        sender: "another".to_owned(),
        who,
        kind,
        occurred_at: None,
        channel: "bench".to_owned(),
        jurisdiction: None,
        locale: None,
        time_zone: None,
        evidence: json!({}),
        confirms: None,
    };
    store.record(vec![new]).await.pop().context("a result")??;
    Ok(())
}

pub fn address(number: u64) -> Result<Address> {
    let provider = ["gmail.example", "hotmail.example", "telia.example", "bredband.example"];
    let domain = provider[(number % 4) as usize];
    format!("person{number}@{domain}").parse().ok().context("an address")
}

fn scope(text: &str) -> Result<Scope> {
    Ok(text.parse()?)
}

fn facts(number: u64, now: Timestamp) -> Result<Vec<TableFact>> {
    let days_ago = |days: u64| now - (24 * i64::try_from(days).unwrap_or(0)).hours();
    let (first, second) = (days_ago(400 + number % 300), days_ago(1 + number % 300));
    let fact = |kind, at| -> Result<TableFact> {
        Ok(TableFact {
            address: address(number)?,
            kind,
            occurred_at: Some(at),
            jurisdiction: Some("se".to_owned()),
            locale: Some("sv".to_owned()),
            time_zone: None,
            evidence: json!({
                "form_url": "https://shop.example/newsletter",
                "ip": format!("192.0.2.{}", number % 256),
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            }),
        })
    };
    let yes = || Ok::<_, anyhow::Error>(vec![scope("apparel")?]);
    let said = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: yes()? };
    let (how, scope) = (Acquaintance::Purchase, scope("apparel.tshirts")?);
    let bought = EventKind::Acquainted { how, scope, notice: true };
    Ok(match number % 20 {
        0..11 => vec![fact(said, first)?],
        11..14 => vec![fact(bought, second)?],
        14..17 => vec![fact(bought, first)?, fact(said, second)?],
        17..19 => {
            let no = EventKind::Withdrawal { scopes: Vec::new(), complaint: false };
            vec![fact(said, first)?, fact(no, second)?]
        }
        _ => vec![fact(EventKind::Unconfirmed { scopes: yes()? }, first)?],
    })
}
