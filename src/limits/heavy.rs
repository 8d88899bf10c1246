//! Work on large messages, which takes a processor for long: few at once, and never on a thread that others
//! wait for.

use std::sync::LazyLock;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// From so many octets on it is worth the trouble; less is done in a millisecond or two.
pub const HEAVY: usize = 256 * 1024;

/// Turns, for the whole process: one fewer than processors, so that one is left for everybody else.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(cores.saturating_sub(1).max(1))
});

/// Does work whose cost grows with `octets`. Light work is done at once; heavy work waits for its turn, and the
/// tasks of the thread that does it move to another one.
pub async fn run<T>(octets: usize, work: impl FnOnce() -> T) -> T {
    if octets < HEAVY {
        return work();
    }
    let _turn = TURNS.acquire().await;
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        // There is no other thread to move to.
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_while_heavy_work_is_done() {
        let served = Arc::new(AtomicBool::new(false));
        let other = served.clone();
        let heavy = tokio::spawn(async move {
            let served = other;
            run(HEAVY, move || {
                // On the only worker this would never end.
                while !served.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            })
            .await;
        });
        tokio::task::yield_now().await;
        tokio::spawn(async move { served.store(true, Ordering::SeqCst) }).await.unwrap();
        heavy.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn few_at_once_are_heavy() {
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let works = (0..50).map(|_| {
            let (at_once, most) = (at_once.clone(), most.clone());
            tokio::spawn(run(HEAVY, move || {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                at_once.fetch_sub(1, Ordering::SeqCst);
            }))
        });
        for work in works.collect::<Vec<_>>() {
            work.await.unwrap();
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert!(most.load(Ordering::SeqCst) <= cores.saturating_sub(1).max(1));
    }
}
