//! What a decision costs when a sender knows ten thousand people, and when it knows ten million:
//! `cargo bench --bench subscribers -- --people 10000,10000000`. By hand: it takes a quarter of an hour and 12 GB.
//!
//! People are recorded the way an import records them. What is timed is what intake does for one recipient: the
//! read of their consent, and the decision.

mod people;
mod reads;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use optgate::clock::Clock;
use optgate::keys::Keys;
use optgate::policy::file;
use optgate::store::{Store, StoreOptions};

/// Measures decisions on one sender's subscribers, few and many.
#[derive(Parser)]
#[command(name = "subscribers")]
struct Options {
    /// How many people the sender knows, growing
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 10_000_000])]
    people: Vec<u64>,
    /// Decisions that are timed each time
    #[arg(long, default_value_t = 50_000)]
    decisions: usize,
    /// A database, which must be empty, instead of SQLite; its server's CPU time is not counted
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Where SQLite's file lies, instead of in a temporary folder
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// `cargo bench` gives it, `cargo test` doesn't
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if !options.bench {
        println!("it compiles; to measure: cargo bench --bench subscribers");
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&options))
}

async fn run(options: &Options) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = options.folder.as_deref().unwrap_or(temporary.path());
    let file = folder.join("optgate.db");
    let url = options.postgres.clone().unwrap_or_else(|| format!("sqlite://{}", file.display()));
    let clock = Clock::system();
    let node = StoreOptions { url, node: clock.id(), lease: Duration::from_secs(60) };
    let store = Store::open(&node, Arc::new(Keys::generate()), clock.clone()).await?;
    let (before, _) = store.migrate().await?;
    ensure!(before == 0, "the database must be empty");
    store.bind_keys().await?;
    let (policy, _) = file::parse(&file::shipped()).ok().context("the shipped policies")?;
    println!(
        "{:>10} {:>12} {:>10} {:>12} {:>12} {:>12} {:>14} {:>12}",
        "people", "recorded/s", "MiB", "median µs", "p99 µs", "mean µs", "CPU µs each", "of the first"
    );
    let (mut known, mut first) = (0, None);
    for wanted in &options.people {
        ensure!(*wanted > known, "the numbers must grow");
        let began = Instant::now();
        people::record(&store, known..*wanted, clock.now()).await?;
        let a_second = (wanted - known) as f64 / began.elapsed().as_secs_f64();
        known = *wanted;
        let figures = reads::measure(&store, &policy, &clock, known, options.decisions).await?;
        let size = std::fs::metadata(&file).map_or(0, |file| file.len()) >> 20;
        let mean = figures.mean.as_secs_f64();
        println!(
            "{known:>10} {a_second:>12.0} {size:>10} {:>12.1} {:>12.1} {:>12.1} {:>14.1} {:>12.2}",
            micros(figures.median),
            micros(figures.p99),
            micros(figures.mean),
            micros(figures.cpu),
            mean / *first.get_or_insert(mean)
        );
    }
    store.close().await;
    Ok(())
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
