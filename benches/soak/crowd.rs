//! People who say no while their mail is queued, by the API and by their mail client's button; and scanners that
//! follow every link and must change nothing by it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::gateway::{Gateway, subscriber};
use crate::ledger::Ledger;

const BETWEEN_WITHDRAWALS: Duration = Duration::from_millis(1500);
const BETWEEN_SCANS: Duration = Duration::from_millis(300);

/// Withdrawals, until it is over.
pub async fn withdraw(gateway: Arc<Gateway>, ledger: Arc<Ledger>, over: CancellationToken) -> Result<()> {
    let mut turns = tokio::time::interval(BETWEEN_WITHDRAWALS);
    let mut number = 0_u32;
    while !over.is_cancelled() {
        turns.tick().await;
        number += 1;
        let (person, link) = ledger.somebody();
        ledger.withdraws(person);
        // A no is said again until it is heard.
        for _ in 0..200 {
            let done = match link.as_deref().filter(|_| number.is_multiple_of(2)) {
                Some(token) => one_click(&gateway, token).await,
                None => by_api(&gateway, person).await,
            };
            if done {
                ledger.withdrew(person);
                break;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    Ok(())
}

async fn one_click(gateway: &Gateway, token: &str) -> bool {
    let url = format!("http://127.0.0.1:{}/u/{token}", gateway.web);
    let answer = gateway.http.post(url).form(&[("List-Unsubscribe", "One-Click")]).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

async fn by_api(gateway: &Gateway, person: usize) -> bool {
    let body = json!({"email": subscriber(person), "source": {"channel": "phone"}});
    gateway.api("POST", "/v1/withdrawals", Some(body)).await.is_ok_and(|(status, _)| status == 201)
}

/// GET and HEAD of links, until it is over.
pub async fn scan(gateway: Arc<Gateway>, ledger: Arc<Ledger>, over: CancellationToken) -> Result<()> {
    let mut turns = tokio::time::interval(BETWEEN_SCANS);
    while !over.is_cancelled() {
        turns.tick().await;
        let (_, Some(token)) = ledger.somebody() else { continue };
        let url = format!("http://127.0.0.1:{}/u/{token}", gateway.web);
        for request in [gateway.http.get(&url), gateway.http.head(&url)] {
            // The database may be away just now, and a scanner may be asked to be slower.
            if let Ok(answer) = request.send().await {
                let status = answer.status().as_u16();
                ensure!([200, 429, 500, 503].contains(&status), "GET of a link: {status}");
            }
        }
    }
    Ok(())
}
