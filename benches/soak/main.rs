//! The gateway for hours, at about half of what it can do, while things go wrong: an upstream that defers, refuses,
//! drops, loses replies, hangs and stands still; a disk that is full; a database that restarts; people who withdraw
//! while their mail is queued; strangers who come with garbage; scanners that follow links. `tests/soak` runs it.
//!
//! At the end every message that was accepted must be accounted for, none may have come twice but where a reply was
//! lost, nobody may have been written to after a withdrawal, and memory, files, threads and queue must be flat.

mod crowd;
#[path = "../../tests/support/disk.rs"]
mod disk;
mod faults;
mod ledger;
#[path = "../setup/mod.rs"]
mod setup;
mod strangers;
mod tool;
mod upstream;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::{Parser, ValueEnum};
use tokio_util::sync::CancellationToken;

use disk::Disk;
use ledger::Ledger;
use setup::{Gateway, Plan};
use watch::Watch;

/// How long a delivery may wait, as the sender's policy has it; the run ends when it is over.
const DEADLINE: Duration = Duration::from_mins(4);

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
    /// Makes something wrong, to see that it is found
    #[arg(long, value_enum)]
    spoil: Option<Spoil>,
    /// Keeps all files in this folder, instead of in a temporary one that goes when nothing is wrong
    #[arg(long)]
    folder: Option<PathBuf>,
    /// `cargo bench` gives it
    #[arg(long, hide = true)]
    bench: bool,
    /// Runs as the upstream, on this port
    #[arg(long, hide = true, value_name = "PORT")]
    upstream: Option<u16>,
}

/// What a run must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Spoil {
    /// A message that was relayed has not come
    Lose,
    /// A message comes twice
    Repeat,
    /// A line of the upstream's record is half a line
    Tear,
    /// People are believed to have withdrawn whom the gateway has not heard
    Unheard,
    /// The gateway holds 160 MiB more in the second half
    Grow,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(port) = options.upstream {
        return upstream::serve(port, options.spoil);
    }
    if !options.bench {
        println!("it compiles; to run it: tests/soak MINUTES");
        return Ok(());
    }
    setup::until_told_to_end(async {
        let Some(folder) = &options.folder else {
            let folder = tempfile::tempdir()?;
            let ended = run(&options, folder.path()).await;
            if ended.is_err() {
                println!("the files are in {}", folder.keep().display());
            }
            return ended;
        };
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        ensure!(std::fs::read_dir(&folder)?.next().is_none(), "{} is not empty", folder.display());
        run(&options, &folder).await
    })
}

async fn run(options: &Options, folder: &Path) -> Result<()> {
    let (upstream, record) = upstream::Process::start(options.spoil)?;
    let ledger = Arc::new(Ledger::new(options.people));
    let reader = ledger.clone();
    let reading = tokio::task::spawn_blocking(move || reader.follow(record));
    let disk = Disk::new(folder);
    let mut environment = disk.environment(None);
    environment.push(("OPTGATE_LOG".into(), "warn".into()));
    let postgres = options.postgres.as_deref();
    let plan = Plan { folder, upstream: upstream.port, postgres, deadline: DEADLINE, environment };
    let gateway = Arc::new(Gateway::start(plan).await?);
    println!("{} subscribers; recording their consent", options.people);
    gateway.record_consent(options.people).await?;
    let rate = match options.rate {
        Some(rate) => rate,
        None => tool::capacity(&gateway, &ledger).await? / 2.0,
    };
    println!("{rate:.0} messages a second for {:.1} minutes, pid {}", options.minutes, gateway.pid());
    upstream.misbehave()?;
    let watch = under_load(options, rate, folder, (&upstream, disk), &gateway, &ledger).await?;
    upstream.behave()?;
    println!("load is over; waiting until all is settled");
    settle(&gateway, &ledger).await?;
    // What it has noted is read to the end.
    drop(upstream);
    reading.await??;
    let mut wrong = ledger.judge(&gateway).await?;
    wrong.extend(watch.judge());
    for line in &wrong {
        println!("WRONG: {line}");
    }
    if !wrong.is_empty() {
        bail!("{} things are wrong", wrong.len());
    }
    println!("all is accounted for, and nothing grows");
    Ok(())
}

/// All that happens at the same time.
async fn under_load(
    options: &Options,
    rate: f64,
    folder: &Path,
    (upstream, disk): (&upstream::Process, Disk),
    gateway: &Arc<Gateway>,
    ledger: &Arc<Ledger>,
) -> Result<Watch> {
    let minutes = Duration::from_secs_f64(60.0 * options.minutes);
    let over = CancellationToken::new();
    // Whichever way this ends.
    let _guard = over.clone().drop_guard();
    let load = tokio::spawn(tool::send(gateway.clone(), ledger.clone(), rate, over.clone()));
    let crowd = [
        tokio::spawn(crowd::withdraw(gateway.clone(), ledger.clone(), options.spoil, over.clone())),
        tokio::spawn(crowd::scan(gateway.clone(), ledger.clone(), over.clone())),
        tokio::spawn(strangers::come(gateway.clone(), over.clone())),
    ];
    let mut faults = vec![
        tokio::spawn(faults::stand_still(upstream.pid(), ledger.clone(), over.clone())),
        tokio::spawn(faults::fill_disk(disk, over.clone())),
        tokio::spawn(faults::restart(options.restart.clone(), over.clone())),
    ];
    if options.spoil == Some(Spoil::Grow) {
        let half = Instant::now() + minutes / 2;
        faults.push(tokio::spawn(faults::hoard(gateway.clone(), half, over.clone())));
    }
    let mut watch = Watch::new(gateway, folder, options.postgres.clone(), rate)?;
    let until = Instant::now() + minutes;
    // Whichever of them ends before has failed.
    let go_on = || !load.is_finished() && crowd.iter().all(|part| !part.is_finished());
    while Instant::now() < until && go_on() {
        watch.sample_for(Duration::from_secs(options.report).min(minutes), until, ledger).await?;
    }
    over.cancel();
    load.await??;
    for part in crowd {
        part.await??;
    }
    for fault in faults {
        println!("{}", fault.await??);
    }
    Ok(watch)
}

/// Until nothing is outstanding, or the gateway knows of nothing more, or every deadline has passed.
async fn settle(gateway: &Gateway, ledger: &Ledger) -> Result<()> {
    let until = Instant::now() + DEADLINE + Duration::from_mins(1);
    let mut last = Instant::now();
    while Instant::now() < until && ledger.outstanding() > 0 {
        if last.elapsed() > Duration::from_secs(15) {
            println!("{} have not come yet", ledger.outstanding());
            if gateway.is_settled()? {
                // The last of its replies are on their way.
                tokio::time::sleep(Duration::from_secs(15)).await;
                break;
            }
            last = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}
