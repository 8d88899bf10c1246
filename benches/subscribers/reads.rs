//! Decisions on people anywhere among them, one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use optgate::clock::Clock;
use optgate::consent::ConsentState;
use optgate::policy::decide::{Circumstances, decide};
use optgate::policy::{PolicySet, Stream, standing};
use optgate::store::Store;

use crate::people::{self, SENDER};

/// `/proc` counts in hundredths of a second on every Linux (USER_HZ).
const TICK: Duration = Duration::from_millis(10);
/// Untimed, so that neither connections nor statements are new.
const WARM_UP: usize = 2_000;

pub struct Figures {
    pub median: Duration,
    pub p99: Duration,
    pub mean: Duration,
    /// Of this process, for one decision.
    pub cpu: Duration,
}

/// What a decision took, its read included.
pub async fn measure(
    store: &Store,
    policy: &PolicySet,
    clock: &Clock,
    known: u64,
    decisions: usize,
) -> Result<Figures> {
    let sender = policy.sender(SENDER).context("the shop")?;
    let scope = "apparel.trousers".parse()?;
    let facts = standing::supposed(sender, "", Stream::Marketing, Some(scope));
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    let mut took = Vec::with_capacity(decisions);
    let mut used = Duration::ZERO;
    for turn in 0..WARM_UP + decisions {
        if turn == WARM_UP {
            used = cpu()?;
        }
        // Knuth's multiplier: far apart, and the same people in every run.
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let who = [people::address((number >> 33) % known)?];
        let began = Instant::now();
        let person = store.consent_of(SENDER, &who).await?.pop().flatten();
        let state: ConsentState = person.context("a person who was recorded")?.state;
        let verdict = decide(policy, &facts, &state, &Circumstances::default(), clock.now());
        if turn >= WARM_UP {
            took.push(began.elapsed());
        }
        std::hint::black_box(verdict);
    }
    let used = cpu()?.saturating_sub(used);
    took.sort_unstable();
    let count = u32::try_from(decisions)?;
    Ok(Figures {
        median: took[decisions / 2],
        p99: took[decisions * 99 / 100],
        mean: took.iter().sum::<Duration>() / count,
        cpu: used / count,
    })
}

/// User and system time of this process: fields 14 and 15 of proc(5).
fn cpu() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(") ").context("a line of /proc/self/stat")?;
    let ticks: u32 = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}
