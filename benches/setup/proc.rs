//! Figures of a process in kB, as proc(5) gives them.

use anyhow::{Context, Result};

/// What the line of this key in `/proc/PID/FILE` says, in bytes.
pub fn bytes(pid: u32, file: &str, key: &str) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)).with_context(|| key.to_owned())?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024)
}
