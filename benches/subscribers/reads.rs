//! Decisions on people anywhere among them, one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use optgate::clock::Clock;
use optgate::consent::ConsentState;
use optgate::policy::decide::{Circumstances, decide};
use optgate::policy::{PolicySet, Stream, standing};
use optgate::store::Store;

use crate::people::{self, SENDER};

/// Untimed, so that neither connections nor statements are new.
const WARM_UP: usize = 200;

/// Decisions after which something is written.
const WRITTEN: usize = 10;

pub struct Figures {
    pub median: Duration,
    pub p99: Duration,
    pub mean: Duration,
    /// Of this process, for one decision.
    pub cpu: Duration,
}

/// What decisions took, their reads included.
#[derive(Default)]
pub struct Measured {
    took: Vec<Duration>,
    cpu: Duration,
    /// Random, and the same in every run.
    number: u64,
}

impl Measured {
    pub fn figures(mut self) -> Result<Figures> {
        self.took.sort_unstable();
        let count = u32::try_from(self.took.len())?;
        let at = |hundredths: usize| self.took.get(self.took.len() * hundredths / 100).copied();
        Ok(Figures {
            median: at(50).context("no decision")?,
            p99: at(99).context("no decision")?,
            mean: self.took.iter().sum::<Duration>() / count,
            cpu: self.cpu / count,
        })
    }

    /// Anybody among so many: Knuth's multiplier takes us far apart.
    fn anybody(&mut self, known: u64) -> u64 {
        let number = self.number.wrapping_mul(6_364_136_223_846_793_005);
        self.number = number.wrapping_add(1_442_695_040_888_963_407);
        (self.number >> 33) % known
    }
}

/// Adds what so many decisions take.
pub async fn measure(
    store: &Store,
    policy: &PolicySet,
    clock: &Clock,
    known: u64,
    decisions: usize,
    measured: &mut Measured,
) -> Result<()> {
    let sender = policy.sender(SENDER).context("the shop")?;
    let scope = "apparel.trousers".parse()?;
    let facts = standing::supposed(sender, "", Stream::Marketing, Some(scope));
    for chunk in 0..(WARM_UP + decisions) / WRITTEN {
        people::write(store, measured.anybody(u64::MAX)).await?;
        let used = cpu()?;
        let mut took = Vec::with_capacity(WRITTEN);
        for _ in 0..WRITTEN {
            let who = [people::address(measured.anybody(known))?];
            let began = Instant::now();
            let person = store.consent_of(SENDER, &who).await?.pop().flatten();
            let state: ConsentState = person.context("a person who was recorded")?.state;
            let verdict = decide(policy, &facts, &state, &Circumstances::default(), clock.now());
            took.push(began.elapsed());
            std::hint::black_box(verdict);
        }
        if chunk >= WARM_UP / WRITTEN {
            measured.took.append(&mut took);
            measured.cpu += cpu()?.saturating_sub(used);
        }
    }
    Ok(())
}

/// Time on a processor of all threads of this process: the first field of their `schedstat`, in nanoseconds.
fn cpu() -> Result<Duration> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let told = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        nanos += told.split(' ').next().and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanos))
}
