//! Memory, queue and latency over time. Memory is flat when the last quarter of the run needs no more than the second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::ledger::Ledger;

const BETWEEN: Duration = Duration::from_secs(5);
/// What the last quarter may need beyond the second, at most: a share, and some for what is in hand just then.
const GROWTH: f64 = 1.10;
const SLACK: f64 = 16.0;

pub struct Watch {
    pid: u32,
    began: Instant,
    /// Resident memory in MiB.
    memory: Vec<f64>,
}

impl Watch {
    pub fn new(pid: u32) -> Self {
        println!(
            "{:>8} {:>9} {:>9} {:>9} {:>12} {:>9} {:>9} {:>9}",
            "minute", "submitted", "accepted", "came", "outstanding", "p50 ms", "p99 ms", "MiB"
        );
        Self { pid, began: Instant::now(), memory: Vec::new() }
    }

    /// Samples for so long, but not past `until`; then prints a line.
    pub async fn sample_for(&mut self, time: Duration, until: Instant, ledger: &Ledger) -> Result<()> {
        let end = (Instant::now() + time).min(until);
        loop {
            tokio::time::sleep(BETWEEN.min(end.saturating_duration_since(Instant::now()))).await;
            self.memory.push(resident(self.pid).context("the gateway is gone")?);
            if Instant::now() >= end {
                break;
            }
        }
        let (totals, took) = (ledger.totals(), ledger.took());
        let percentile = |share: usize| {
            took.get((took.len() * share / 100).min(took.len().saturating_sub(1)))
                .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
        };
        println!(
            "{:>8.1} {:>9} {:>9} {:>9} {:>12} {:>9.1} {:>9.1} {:>9.1}",
            self.began.elapsed().as_secs_f64() / 60.0,
            totals.submitted,
            totals.accepted,
            totals.came,
            ledger.outstanding(),
            percentile(50),
            percentile(99),
            self.memory.last().copied().unwrap_or_default(),
        );
        Ok(())
    }

    /// What is wrong, a line each.
    pub fn judge(&self) -> Vec<String> {
        let quarter = self.memory.len() / 4;
        if quarter == 0 {
            return vec!["too short a run to tell anything of memory".to_owned()];
        }
        let (second, last) =
            (median(&self.memory[quarter..2 * quarter]), median(&self.memory[self.memory.len() - quarter..]));
        println!("memory: {second:.1} MiB in the second quarter, {last:.1} MiB in the last (medians)");
        if last > second * GROWTH + SLACK {
            return vec![format!("memory grew from {second:.1} MiB to {last:.1} MiB")];
        }
        Vec::new()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// MiB. proc(5).
fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}
