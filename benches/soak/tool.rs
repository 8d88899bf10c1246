//! The marketing tool: sessions that stay open, one recipient a message, so many messages a second whatever happens.
//! What is not answered is submitted again as it was, until it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::ledger::{Ledger, Said};
use crate::setup::{Gateway, Newsletter, Session, subscriber};

const SESSIONS: u32 = 16;
const SIZE: usize = 5 * 1024;
/// How long its capacity is looked for.
const TRIAL: Duration = Duration::from_secs(10);

/// Messages a second that come through when as many as possible are submitted and nothing goes wrong.
pub async fn capacity(gateway: &Arc<Gateway>, ledger: &Arc<Ledger>) -> Result<f64> {
    let over = CancellationToken::new();
    let load = tokio::spawn(send(gateway.clone(), ledger.clone(), 2_000.0, over.clone()));
    let began = Instant::now();
    tokio::time::sleep(TRIAL).await;
    let came = ledger.totals().came;
    over.cancel();
    load.await??;
    while ledger.outstanding() > 0 {
        ensure!(began.elapsed() < Duration::from_secs(120), "{} do not come", ledger.outstanding());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    ledger.took();
    Ok(came as f64 / TRIAL.as_secs_f64())
}

/// Submits until it is over, and then what was begun.
pub async fn send(
    gateway: Arc<Gateway>,
    ledger: Arc<Ledger>,
    rate: f64,
    over: CancellationToken,
) -> Result<()> {
    let newsletter = Arc::new(Newsletter::of(SIZE));
    let pace = Duration::from_secs_f64(f64::from(SESSIONS) / rate);
    let mut running = JoinSet::new();
    for number in 0..SESSIONS {
        let (gateway, ledger, newsletter, over) =
            (gateway.clone(), ledger.clone(), newsletter.clone(), over.clone());
        running.spawn(async move {
            // They don't all send at the same moment.
            tokio::time::sleep(pace.mul_f64(f64::from(number) / f64::from(SESSIONS))).await;
            let mut turns = tokio::time::interval(pace);
            turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
            let mut session = None;
            while !over.is_cancelled() {
                turns.tick().await;
                let (index, person) = ledger.begin();
                let copy = newsletter.copy(index, &subscriber(person));
                submit(&gateway, &ledger, &mut session, index, &subscriber(person), &copy).await?;
            }
            match session {
                Some(session) => session.close().await,
                None => Ok(()),
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        let ended: Result<()> = ended?;
        ended?;
    }
    Ok(())
}

/// A session that is logged in.
pub async fn open(gateway: &Gateway) -> Result<Session> {
    let (user, password) = gateway.login();
    Session::open(gateway.ports.smtp, Some((&user, &password))).await
}

/// Until there is an answer that lasts.
async fn submit(
    gateway: &Gateway,
    ledger: &Ledger,
    session: &mut Option<Session>,
    index: usize,
    recipient: &str,
    copy: &str,
) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let began = Instant::now();
        let tried = async {
            if session.is_none() {
                *session = Some(open(gateway).await?);
            }
            let Some(session) = session else { bail!("no session") };
            session.submit(recipient, copy).await
        };
        let failed = match tokio::time::timeout(Duration::from_secs(60), tried).await {
            Ok(Ok(reply)) if reply.starts_with("250") => {
                return note(ledger, index, &reply, began.elapsed());
            }
            Ok(Ok(reply)) if reply.starts_with('5') => bail!("{index}: {reply}"),
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no reply for a minute".to_owned(),
        };
        *session = None;
        ensure!(Instant::now() < until, "{index} is not taken: {failed}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// `250 2.0.0 accepted, message ID` and perhaps ` refused [reason]`.
fn note(ledger: &Ledger, index: usize, reply: &str, took: Duration) -> Result<()> {
    let Some((_, rest)) = reply.split_once("message ") else { bail!("{index}: {reply}") };
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
    let id = rest[..end].parse()?;
    match rest.split_once("refused [") {
        Some((_, reason)) => {
            ledger.answered(index, Said::Refused, reason.split(']').next().unwrap_or_default(), id, took);
        }
        None => ledger.answered(index, Said::Accepted, "", id, took),
    }
    Ok(())
}
