//! People who say no while their mail is queued, by the API and by their mail client's button; and scanners that
//! follow every link and must change nothing by it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::Client;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::Spoil;
use crate::ledger::Ledger;
use crate::setup::{Gateway, subscriber};

const BETWEEN_WITHDRAWALS: Duration = Duration::from_millis(1500);
const BETWEEN_SCANS: Duration = Duration::from_millis(300);

/// Withdrawals, until it is over.
pub async fn withdraw(
    gateway: Arc<Gateway>,
    ledger: Arc<Ledger>,
    spoil: Option<Spoil>,
    over: CancellationToken,
) -> Result<()> {
    let http = client()?;
    let mut turns = tokio::time::interval(BETWEEN_WITHDRAWALS);
    let mut number = 0_u32;
    while !over.is_cancelled() {
        turns.tick().await;
        number += 1;
        let (person, link) = ledger.somebody();
        if spoil == Some(Spoil::Unheard) {
            ledger.withdrew(person);
            continue;
        }
        ledger.withdraws(person);
        let link = link.filter(|_| number.is_multiple_of(2)).map(|token| page(&gateway, &token));
        match until_heard(&gateway, &http, person, link.as_deref()).await {
            true => ledger.withdrew(person),
            false => ledger.is_wrong("no withdrawal was taken", format!("person {person}")),
        }
    }
    Ok(())
}

/// Says it again and again, a minute long.
async fn until_heard(gateway: &Gateway, http: &Client, person: usize, link: Option<&str>) -> bool {
    for _ in 0..200 {
        let heard = match link {
            Some(link) => one_click(http, link).await,
            None => by_api(gateway, person).await,
        };
        if heard {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    false
}

fn page(gateway: &Gateway, token: &str) -> String {
    format!("http://127.0.0.1:{}/u/{token}", gateway.ports.web)
}

fn client() -> Result<Client> {
    Ok(Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?)
}

async fn one_click(http: &Client, link: &str) -> bool {
    let answer = http.post(link).form(&[("List-Unsubscribe", "One-Click")]).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

async fn by_api(gateway: &Gateway, person: usize) -> bool {
    let body = json!({"email": subscriber(person), "source": {"channel": "phone"}});
    gateway.api("POST", "/v1/withdrawals", Some(body)).await.is_ok_and(|(status, _)| status == 201)
}

/// GET and HEAD of links, until it is over.
pub async fn scan(gateway: Arc<Gateway>, ledger: Arc<Ledger>, over: CancellationToken) -> Result<()> {
    let http = client()?;
    let mut turns = tokio::time::interval(BETWEEN_SCANS);
    while !over.is_cancelled() {
        turns.tick().await;
        let (_, Some(token)) = ledger.somebody() else { continue };
        let url = page(&gateway, &token);
        for request in [http.get(&url), http.head(&url)] {
            // The database may be away just now, and a scanner may be asked to be slower.
            if let Ok(answer) = request.send().await {
                let status = answer.status().as_u16();
                ensure!([200, 429, 500, 503].contains(&status), "GET of a link: {status}");
            }
        }
    }
    Ok(())
}
