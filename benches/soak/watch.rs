//! What the gateway holds over time: memory, open files, threads, journal of the database, queue. Each is flat when
//! the last quarter of the run needs no more than the second.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sqlx::Connection as _;

use crate::ledger::Ledger;
use crate::setup::{Gateway, proc};

const BETWEEN: Duration = Duration::from_secs(5);
/// What the last quarter may need beyond the second, at most, besides each one's slack.
const GROWTH: f64 = 1.10;
const MIB: f64 = 1024.0 * 1024.0;

pub struct Watch {
    pid: u32,
    folder: PathBuf,
    postgres: Option<String>,
    http: reqwest::Client,
    /// Of its metrics.
    page: String,
    began: Instant,
    /// Resident.
    memory: Series,
    files: Series,
    threads: Series,
    wal: Series,
    /// In the queue, as the gateway counts it every few seconds.
    queue: Series,
    /// Bytes of the database and messages submitted, each time a line is printed.
    stored: Vec<(u64, usize)>,
}

/// What is measured again and again.
struct Series {
    name: &'static str,
    /// For what is in hand just then.
    slack: f64,
    values: Vec<f64>,
}

impl Watch {
    pub fn new(gateway: &Gateway, folder: &Path, postgres: Option<String>, rate: f64) -> Result<Self> {
        println!(
            "{:>7} {:>9} {:>9} {:>9} {:>11} {:>7} {:>7} {:>7} {:>5} {:>7} {:>8} {:>7} {:>8} {:>7}",
            "minute",
            "submitted",
            "accepted",
            "came",
            "queue",
            "p50 ms",
            "p99 ms",
            "MiB",
            "files",
            "threads",
            "database",
            "WAL MiB",
            "data KiB",
            "log KiB"
        );
        let series = |name, slack| Series { name, slack, values: Vec::new() };
        Ok(Self {
            pid: gateway.pid(),
            folder: folder.to_owned(),
            postgres,
            http: reqwest::Client::builder().no_proxy().timeout(BETWEEN).build()?,
            page: format!("http://127.0.0.1:{}/metrics", gateway.ports.api),
            began: Instant::now(),
            memory: series("memory (MiB)", 16.0),
            files: series("open files", 50.0),
            threads: series("threads", 8.0),
            // Whoever reads for long keeps it from being begun anew; at 64 MiB it is cut.
            wal: series("WAL (MiB)", 64.0),
            // What the upstream puts off waits for some minutes; when it stands still, so does all.
            queue: series("queue", 30.0 * rate),
            stored: Vec::new(),
        })
    }

    /// Samples for so long, but not past `until`; then prints a line.
    pub async fn sample_for(&mut self, time: Duration, until: Instant, ledger: &Ledger) -> Result<()> {
        let end = (Instant::now() + time).min(until);
        loop {
            tokio::time::sleep(BETWEEN.min(end.saturating_duration_since(Instant::now()))).await;
            self.sample().await.context("the gateway is gone")?;
            if Instant::now() >= end {
                break;
            }
        }
        // It may be away just now.
        let stored = self.database().await.unwrap_or_default();
        self.stored.push((stored, ledger.totals().submitted));
        self.print(ledger);
        Ok(())
    }

    async fn sample(&mut self) -> Result<()> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).context("Threads")?;
        self.memory.values.push(proc::bytes(self.pid, "status", "VmRSS:")? as f64 / MIB);
        self.threads.values.push(threads.trim().parse()?);
        self.files.values.push(std::fs::read_dir(format!("/proc/{}/fd", self.pid))?.count() as f64);
        self.wal.values.push(size(&self.folder.join("data/optgate.db-wal")) as f64 / MIB);
        if let Ok(page) = self.metrics().await {
            let counts = page.lines().filter(|line| line.starts_with("optgate_queue_deliveries{"));
            self.queue
                .values
                .push(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum());
        }
        Ok(())
    }

    fn print(&self, ledger: &Ledger) {
        let (totals, took) = (ledger.totals(), ledger.took());
        let percentile = |share: usize| {
            took.get((took.len() * share / 100).min(took.len().saturating_sub(1)))
                .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
        };
        println!(
            "{:>7.1} {:>9} {:>9} {:>9} {:>11} {:>7.1} {:>7.1} {:>7.1} {:>5} {:>7} {:>8.1} {:>7.1} {:>8.1} {:>7.1}",
            self.began.elapsed().as_secs_f64() / 60.0,
            totals.submitted,
            totals.accepted,
            totals.came,
            self.queue.last(),
            percentile(50),
            percentile(99),
            self.memory.last(),
            self.files.last(),
            self.threads.last(),
            self.stored.last().map_or(0, |(bytes, _)| *bytes) as f64 / MIB,
            self.wal.last(),
            size(&self.folder.join("data")) as f64 / 1024.0,
            size(&self.folder.join("log")) as f64 / 1024.0,
        );
    }

    async fn metrics(&self) -> Result<String> {
        Ok(self.http.get(&self.page).send().await?.text().await?)
    }

    /// Bytes.
    async fn database(&self) -> Result<u64> {
        let Some(url) = &self.postgres else { return Ok(size(&self.folder.join("data/optgate.db"))) };
        let mut connection = sqlx::PgConnection::connect(url).await?;
        let size: i64 = sqlx::query_scalar("SELECT pg_database_size(current_database())")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(u64::try_from(size)?)
    }

    /// What is wrong, a line each.
    pub fn judge(&self) -> Vec<String> {
        if let (Some((less, first)), Some((more, last))) =
            (self.stored.get(self.stored.len() / 2), self.stored.last())
            && last > first
        {
            let each = more.saturating_sub(*less) / (last - first) as u64;
            println!("the database grew by {each} bytes a message in the second half");
        }
        let all = [&self.memory, &self.files, &self.threads, &self.wal, &self.queue];
        all.into_iter().filter_map(Series::judge).collect()
    }
}

impl Series {
    fn last(&self) -> f64 {
        self.values.last().copied().unwrap_or_default()
    }

    fn judge(&self) -> Option<String> {
        let (name, quarter) = (self.name, self.values.len() / 4);
        if quarter == 0 {
            return Some(format!("too short a run to tell anything of {name}"));
        }
        let second = median(&self.values[quarter..2 * quarter]);
        let last = median(&self.values[self.values.len() - quarter..]);
        let most = self.values.iter().copied().fold(0.0, f64::max);
        println!(
            "{name}: {second:.1} in the second quarter, {last:.1} in the last (medians), {most:.1} at the most"
        );
        let grew = last > second * GROWTH + self.slack;
        grew.then(|| format!("{name} grew from {second:.1} to {last:.1}"))
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Bytes of a file, or of all files in a folder; 0 if it isn't there.
fn size(path: &Path) -> u64 {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| size(&entry.path())).sum(),
        Err(_) => std::fs::metadata(path).map_or(0, |file| file.len()),
    }
}
