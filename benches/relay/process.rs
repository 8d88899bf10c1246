//! What Linux says of processes: CPU time and peak memory. proc(5).

use std::time::Duration;

use anyhow::{Context, Result};

use crate::setup::proc;

/// `/proc` counts in hundredths of a second on every Linux (USER_HZ).
const TICK: Duration = Duration::from_millis(10);

/// Which CPU time of a process counts.
#[derive(Clone, Copy, PartialEq)]
pub enum Count {
    /// Its own threads', those that ended included.
    Own,
    /// And that of its children that ended and were waited for.
    WithEndedChildren,
}

/// CPU time, user and system.
pub fn cpu(pid: u32, count: Count) -> Result<Duration> {
    let fields = fields(pid)?;
    // Fields 14 to 17 of the page: utime, stime, cutime, cstime; the list begins with field 3.
    let wanted = if count == Count::Own { 11..13 } else { 11..15 };
    let ticks: u32 = fields[wanted].iter().map(|field| field.parse::<u32>().unwrap_or(0)).sum();
    Ok(TICK * ticks)
}

/// The largest resident size since the last `forget_peak`, in bytes.
pub fn peak(pid: u32) -> Result<u64> {
    proc::bytes(pid, "status", "VmHWM:")
}

/// Its part of the memory that it shares with others, and all that it shares with nobody, now, in bytes.
pub fn proportional(pid: u32) -> Result<u64> {
    proc::bytes(pid, "smaps_rollup", "Pss:")
}

/// Makes the present size the largest.
pub fn forget_peak(pid: u32) -> Result<()> {
    Ok(std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
}

/// The living children of a process.
pub fn children(parent: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may end while we look.
        if fields(pid).is_ok_and(|fields| fields[1].parse() == Ok(parent)) {
            children.push(pid);
        }
    }
    Ok(children)
}

/// What follows the name, which may itself hold blanks and parentheses.
fn fields(pid: u32) -> Result<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = stat.rsplit_once(") ").context("a line of /proc/PID/stat")?;
    Ok(rest.split(' ').map(str::to_owned).collect())
}
