//! What a decision costs when a sender knows ten thousand people, and when it knows ten million:
//! `cargo bench --bench subscribers -- --people 10000,10000000`. By hand: it takes half an hour and 15 GB.
//!
//! People are recorded the way an import records them, each number in a database of its own. What is timed is what intake
//! does for one recipient: the read of their consent, and the decision. Databases take turns, so that whatever else
//! the machine does befalls all of them, and between decisions something is written, as it is while mail flows: what a
//! connection of SQLite's has in memory is then read again.

mod people;
mod reads;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use optgate::clock::Clock;
use optgate::keys::Keys;
use optgate::policy::file;
use optgate::store::{Store, StoreOptions};

use reads::Measured;

/// In which the databases take turns.
const TURNS: usize = 10;

/// Measures decisions on one sender's subscribers, few and many.
#[derive(Parser)]
#[command(name = "subscribers")]
struct Options {
    /// How many people the sender knows: a database each
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 10_000_000])]
    people: Vec<u64>,
    /// Decisions that are timed in each database
    #[arg(long, default_value_t = 50_000)]
    decisions: usize,
    /// Empty databases, one for each number, instead of SQLite; the server's CPU time is not counted
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    postgres: Vec<String>,
    /// Where keys and SQLite's files lie, instead of in a temporary folder; what was recorded there is measured again
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

/// One sender's people in one database.
struct Shop {
    people: u64,
    store: Store,
    mebibytes: u64,
    /// Where this run recorded them.
    recorded_a_second: Option<f64>,
    measured: Measured,
}

async fn run(options: &Options) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = options.folder.as_deref().unwrap_or(temporary.path());
    ensure!(
        options.postgres.is_empty() || options.postgres.len() == options.people.len(),
        "as many databases as numbers of people"
    );
    let clock = Clock::system();
    let (policy, _) = file::parse(&file::shipped()).ok().context("the shipped policies")?;
    let mut shops = Vec::new();
    for (place, people) in options.people.iter().enumerate() {
        let postgres = options.postgres.get(place).map(String::as_str);
        shops.push(shop(&folder.join(people.to_string()), postgres, *people, &clock).await?);
    }
    for _ in 0..TURNS {
        for shop in &mut shops {
            let decisions = options.decisions / TURNS;
            reads::measure(&shop.store, &policy, &clock, shop.people, decisions, &mut shop.measured).await?;
        }
    }
    println!(
        "{:>10} {:>12} {:>10} {:>12} {:>12} {:>12} {:>14} {:>12}",
        "people", "recorded/s", "MiB", "median µs", "p99 µs", "mean µs", "CPU µs each", "of the first"
    );
    let mut first = None;
    for shop in shops {
        let figures = shop.measured.figures()?;
        let mean = micros(figures.mean);
        let recorded = shop.recorded_a_second.map(|rate| format!("{rate:.0}")).unwrap_or_default();
        println!(
            "{:>10} {recorded:>12} {:>10} {:>12.1} {:>12.1} {mean:>12.1} {:>14.1} {:>12.2}",
            shop.people,
            shop.mebibytes,
            micros(figures.median),
            micros(figures.p99),
            micros(figures.cpu),
            mean / *first.get_or_insert(mean)
        );
        shop.store.close().await;
    }
    Ok(())
}

/// Opens what an earlier run has recorded there, or records it.
async fn shop(folder: &Path, postgres: Option<&str>, people: u64, clock: &Clock) -> Result<Shop> {
    let (keys, whole, file) = (folder.join("keys"), folder.join("recorded"), folder.join("optgate.db"));
    let is_recorded = whole.exists();
    if !is_recorded {
        fs::create_dir_all(folder)?;
        Keys::create(&keys)?;
    }
    let url = postgres.map_or_else(|| format!("sqlite://{}", file.display()), str::to_owned);
    let node = StoreOptions { url, node: clock.id(), lease: Duration::from_secs(60) };
    let store = Store::open(&node, Arc::new(Keys::load(&keys)?), clock.clone()).await?;
    let (before, _) = store.migrate().await?;
    store.bind_keys().await?;
    let mut recorded_a_second = None;
    if !is_recorded {
        ensure!(before == 0, "the database must be empty");
        let began = Instant::now();
        people::record(&store, 0..people, clock.now()).await?;
        recorded_a_second = Some(people as f64 / began.elapsed().as_secs_f64());
        fs::write(whole, "")?;
    }
    let mut mebibytes = 0;
    if postgres.is_none() {
        // What a gateway that has run for a while finds in the machine's memory.
        mebibytes = io::copy(&mut fs::File::open(&file)?, &mut io::sink())? >> 20;
    }
    Ok(Shop { people, store, mebibytes, recorded_a_second, measured: Measured::default() })
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
