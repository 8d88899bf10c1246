//! What guessing costs the guesser. An address is slowed with every login that fails, then refused for a time;
//! a credential is only ever slowed, and by a bounded time, so that no stranger can lock out whom it belongs to.
//! What is remembered is bounded, over all listeners of this process, and holds no secret and no name.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use super::LogPeer;
use super::NotVerified;
use super::known::Name;
use crate::limits::peer::REMEMBERED;
use crate::limits::{Peer, Recent};

/// How many failed logins are borne, and how they slow down the next.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// So many failures within the window, and the address is refused.
    pub failures: u32,
    /// How long a failure counts.
    pub window: Duration,
    /// The longest that an answer is put off.
    pub slowest: Duration,
    /// How the log names who failed.
    pub log_peer: LogPeer,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            failures: 10,
            window: Duration::from_secs(15 * 60),
            slowest: Duration::from_secs(3),
            log_peer: LogPeer::Address,
        }
    }
}

/// A credential may fail so often before it is slowed: a wrong password in one tool is no attack.
const FREE_FAILURES: u32 = 3;
/// The programs of this machine share an address, and one with an old password must not lock out the others:
/// there each is refused by itself, and the address only after so many times the failures.
const PROGRAMS: u32 = 10;
/// So many who failed before stand in line with everybody else at once; the others of them wait behind.
const SUSPECTS: usize = 32;
/// How long a login waits for its turn.
const TURN: Duration = Duration::from_secs(30);

/// Remembers who failed.
pub(super) struct Guard {
    patience: Patience,
    hasher: RandomState,
    failed: Mutex<Failed>,
    suspects: Semaphore,
    /// Bounds the argon2 runs at once, so that guessing never takes all processors and their memory.
    hashing: Semaphore,
}

struct Failed {
    addresses: Recent<Peer>,
    names: Recent<u64>,
    /// Of this machine.
    programs: Recent<(Peer, u64)>,
}

/// Leave to hash one password.
pub(super) struct Turn<'g> {
    _hashing: SemaphorePermit<'g>,
    _suspect: Option<SemaphorePermit<'g>>,
}

impl Guard {
    pub fn new(patience: Patience) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let window = patience.window;
        Self {
            patience,
            hasher: RandomState::new(),
            failed: Mutex::new(Failed {
                addresses: Recent::new(window, REMEMBERED),
                names: Recent::new(window, REMEMBERED),
                programs: Recent::new(window, REMEMBERED),
            }),
            suspects: Semaphore::new(SUSPECTS),
            hashing: Semaphore::new((cores / 2).max(1)),
        }
    }

    /// Whether an address may try this name now.
    pub fn admit(&self, address: IpAddr, name: &Name, now: Timestamp) -> Result<(), NotVerified> {
        let (peer, own, failed) = (Peer::of(address), self.hash(name), self.failed());
        let failures = self.patience.failures;
        let wait = if address.to_canonical().is_loopback() {
            let program = failed.programs.wait(&(peer, own), failures, now);
            program.or_else(|| failed.addresses.wait(&peer, failures.saturating_mul(PROGRAMS), now))
        } else {
            failed.addresses.wait(&peer, failures, now)
        };
        wait.map_or(Ok(()), |again_in| Err(NotVerified::Refused { again_in }))
    }

    /// How long this attempt is put off, right or wrong.
    pub fn delay(&self, address: IpAddr, name: &Name, now: Timestamp) -> Duration {
        let failed = self.failed();
        let by_address = failed.addresses.count(&Peer::of(address), now);
        let by_name = failed.names.count(&self.hash(name), now).saturating_sub(FREE_FAILURES);
        delay(self.patience.slowest, by_address.max(by_name))
    }

    /// A turn to hash. Who failed before waits in a queue of its own, which others pass by. It waits, since behind
    /// one failure there may be a hundred sessions of a neighbour with the right password.
    pub async fn turn(&self, address: IpAddr, now: Timestamp) -> Result<Turn<'_>, NotVerified> {
        let suspected = self.failed().addresses.count(&Peer::of(address), now) > 0;
        let turn = async {
            let suspect = if suspected { Some(self.suspects.acquire().await?) } else { None };
            Ok::<_, AcquireError>(Turn { _hashing: self.hashing.acquire().await?, _suspect: suspect })
        };
        let turn = tokio::time::timeout(TURN, turn).await;
        turn.map_err(|_| NotVerified::Busy)?.map_err(|_| NotVerified::Busy)
    }

    /// The attempt failed. True if from here on the address, or the program, is refused.
    pub fn failed_once(&self, address: IpAddr, name: &Name, now: Timestamp) -> bool {
        let (peer, own, mut failed) = (Peer::of(address), self.hash(name), self.failed());
        failed.names.add(own, now);
        let by_address = failed.addresses.add(peer, now);
        if address.to_canonical().is_loopback() {
            failed.programs.add((peer, own), now) == self.patience.failures
        } else {
            by_address == self.patience.failures
        }
    }

    pub fn shown(&self, peer: IpAddr) -> String {
        self.patience.log_peer.shown(peer)
    }

    fn hash(&self, name: &Name) -> u64 {
        self.hasher.hash_one(name)
    }

    fn failed(&self) -> MutexGuard<'_, Failed> {
        // No panic leaves a count half-written.
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sixteenth of the longest after the first failure, and twice as long after each more.
fn delay(slowest: Duration, failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        1..=4 => slowest / (32 >> failures),
        _ => slowest,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        Name::Login(text.to_owned())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn refused(guard: &Guard, from: &str, whom: &Name, second: i64) -> Option<Duration> {
        match guard.admit(address(from), whom, at(second)) {
            Err(NotVerified::Refused { again_in }) => Some(again_in),
            _ => None,
        }
    }

    #[test]
    fn an_address_is_slowed_then_refused_and_admitted_again_after_the_window() {
        let (guard, tool) = (Guard::new(Patience::default()), name("shop/tool"));
        let from = address("192.0.2.1");
        let mut slower = Duration::ZERO;
        for failure in 1..=10 {
            assert!(refused(&guard, "192.0.2.1", &tool, failure).is_none());
            let delay = guard.delay(from, &tool, at(failure));
            assert!(delay >= slower && delay <= Patience::default().slowest, "{delay:?}");
            slower = delay;
            assert_eq!(guard.failed_once(from, &tool, at(failure)), failure == 10);
        }
        assert_eq!(slower, Patience::default().slowest);
        let again_in = refused(&guard, "192.0.2.1", &tool, 11).unwrap();
        assert!(again_in <= Patience::default().window * 13 / 12);
        assert!(refused(&guard, "192.0.2.1", &name("shop/other"), 11).is_some(), "for any name");
        assert!(refused(&guard, "192.0.2.2", &tool, 11).is_none(), "but no other address");
        let later = 11 + i64::try_from(again_in.as_secs()).unwrap() + 1;
        assert!(refused(&guard, "192.0.2.1", &tool, later).is_none());
    }

    #[test]
    fn a_credential_is_only_ever_slowed_however_many_guess() {
        let (guard, tool) = (Guard::new(Patience::default()), name("shop/tool"));
        for number in 0..5_000_u32 {
            guard.failed_once(std::net::Ipv4Addr::from(number << 8 | 1).into(), &tool, at(0));
        }
        let (home, slowest) = (address("198.51.100.7"), Patience::default().slowest);
        assert!(guard.admit(home, &tool, at(1)).is_ok());
        assert_eq!(guard.delay(home, &tool, at(1)), slowest);
        assert_eq!(guard.delay(home, &name("shop/other"), at(1)), Duration::ZERO);
    }

    #[test]
    fn one_program_with_an_old_password_does_not_lock_out_its_neighbours() {
        let guard = Guard::new(Patience::default());
        let (old, good, key) = (name("shop/old"), name("shop/good"), Name::Key(Uuid::from_u128(1)));
        for _ in 0..10 {
            guard.failed_once(address("127.0.0.1"), &old, at(0));
        }
        assert!(refused(&guard, "127.0.0.1", &old, 1).is_some());
        assert!(refused(&guard, "127.0.0.1", &good, 1).is_none());
        assert!(refused(&guard, "127.0.0.1", &key, 1).is_none());
        for number in 0..100 {
            guard.failed_once(address("127.0.0.1"), &name(&format!("shop/{number}")), at(0));
        }
        assert!(refused(&guard, "127.0.0.1", &good, 1).is_some());
    }

    #[tokio::test]
    async fn who_never_failed_passes_by_the_queue_of_those_who_did() {
        let guard = Guard::new(Patience::default());
        let (guesser, home) = (address("192.0.2.1"), address("198.51.100.7"));
        guard.failed_once(guesser, &name("shop/tool"), at(0));
        let all: Vec<_> = (0..SUSPECTS).filter_map(|_| guard.suspects.try_acquire().ok()).collect();
        let waits = tokio::time::timeout(Duration::ZERO, guard.turn(guesser, at(1))).await;
        assert!(waits.is_err());
        assert!(guard.turn(home, at(1)).await.is_ok());
        drop(all);
        assert!(guard.turn(guesser, at(1)).await.is_ok());
    }

    #[test]
    fn delays_grow_to_their_bound() {
        let slowest = Duration::from_secs(16);
        let seconds: Vec<u64> = (0..7).map(|failures| delay(slowest, failures).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 16]);
    }
}
