//! The gateway for hours, at about half of what it can do, while things go wrong: an upstream that defers, refuses,
//! drops, loses replies, hangs and stands still; a database that restarts; people who withdraw while their mail is
//! queued; strangers who come with garbage; scanners that follow links. `tests/soak` runs it.
//!
//! At the end every message that was accepted must be accounted for, none may have come twice but where a reply was
//! lost, nobody may have been written to after a withdrawal, and memory must be flat.

mod crowd;
mod faults;
mod gateway;
mod ledger;
#[path = "../relay/newsletter.rs"]
mod newsletter;
mod strangers;
mod tool;
mod upstream;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use gateway::Gateway;
use ledger::Ledger;
use watch::Watch;

/// The `From` domain.
const DOMAIN: &str = "shop.example";
/// How long a delivery may wait, as the sender's policy has it; the run ends when it is over.
const DEADLINE: Duration = Duration::from_secs(4 * 60);

/// Runs the gateway under load and faults, and judges what became of every message.
#[derive(Clone, Debug, Parser)]
#[command(name = "soak")]
struct Options {
    /// Minutes under load; some more pass until all is settled
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Messages a second; else half of what it does at the start
    #[arg(long)]
    rate: Option<f64>,
    /// Subscribers
    #[arg(long, default_value_t = 5000)]
    people: usize,
    /// Keeps the gateway's data in this database, which must be empty, instead of in SQLite
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Restarts the database, every few minutes
    #[arg(long, value_name = "COMMAND")]
    restart: Option<PathBuf>,
    /// Seconds between two lines of the report
    #[arg(long, default_value_t = 30)]
    report: u64,
    /// `cargo bench` gives it
    #[arg(long, hide = true)]
    bench: bool,
    /// Runs as the upstream, on this port
    #[arg(long, hide = true, value_name = "PORT", requires = "record")]
    upstream: Option<u16>,
    /// Where the upstream notes what came
    #[arg(long, hide = true)]
    record: Option<PathBuf>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let (Some(port), Some(record)) = (options.upstream, &options.record) {
        return upstream::serve(port, record);
    }
    if !options.bench {
        println!("it compiles; to run it: tests/soak MINUTES");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        // Dropping the run ends what it has started.
        tokio::select! {
            ended = run(&options) => ended,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}

async fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let upstream = upstream::Process::start(folder.path())?;
    let gateway = Arc::new(Gateway::start(folder.path(), upstream.port, options).await?);
    let ledger = Arc::new(Ledger::new(options.people));
    println!("{} subscribers; recording their consent", options.people);
    gateway.record_consent(options.people).await?;
    let reading = tokio::spawn(ledger.clone().follow(upstream.record.clone()));

    let rate = match options.rate {
        Some(rate) => rate,
        None => tool::capacity(&gateway, &ledger).await? / 2.0,
    };
    let minutes = Duration::from_secs_f64(60.0 * options.minutes);
    println!("{rate:.0} messages a second for {:.1} minutes, pid {}", options.minutes, gateway.pid());
    let over = CancellationToken::new();
    let load = tokio::spawn(tool::send(gateway.clone(), ledger.clone(), rate, over.clone()));
    let others = [
        tokio::spawn(crowd::withdraw(gateway.clone(), ledger.clone(), over.clone())),
        tokio::spawn(crowd::scan(gateway.clone(), ledger.clone(), over.clone())),
        tokio::spawn(strangers::come(gateway.clone(), over.clone())),
        tokio::spawn(faults::stand_still(upstream.pid(), ledger.clone(), over.clone())),
        tokio::spawn(faults::restart(options.restart.clone(), over.clone())),
    ];
    upstream.misbehave()?;
    let mut watch = Watch::new(gateway.pid());
    let until = Instant::now() + minutes;
    while Instant::now() < until {
        watch.sample_for(Duration::from_secs(options.report).min(minutes), until, &ledger).await?;
    }
    over.cancel();
    load.await??;
    for other in others {
        other.await??;
    }
    upstream.behave()?;
    println!("load is over; waiting until all is settled");
    settle(&ledger).await;
    reading.abort();
    let mut wrong = ledger.judge(&gateway).await?;
    wrong.extend(watch.judge());
    for line in &wrong {
        println!("WRONG: {line}");
    }
    if !wrong.is_empty() {
        let kept = folder.keep();
        bail!("{} things are wrong; the files are in {}", wrong.len(), kept.display());
    }
    println!("all is accounted for, and memory is flat");
    Ok(())
}

/// Until nothing is outstanding, or every deadline has passed.
async fn settle(ledger: &Ledger) {
    let until = Instant::now() + DEADLINE + Duration::from_secs(60);
    let mut last = Instant::now();
    while Instant::now() < until && ledger.outstanding() > 0 {
        if last.elapsed() > Duration::from_secs(30) {
            println!("{} have not come yet", ledger.outstanding());
            last = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr().context("its address")?.port())
}
