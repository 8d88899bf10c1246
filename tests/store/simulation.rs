//! Weeks of sending by nodes that fail, on a driven clock, by a seed: what limits, leases and deadlines promise together.
//!
//! What is real is the store, with its claims, permits, leases and settlements. What is simulated: the nodes' turns,
//! providers that take, put off, refuse or hang, nodes that die and come back, connections that break in the midst of a
//! statement, clocks that step, campaigns that come in at once.
//!
//! More seeds, or one that failed: `OPTGATE_SEEDS=1000` or `OPTGATE_SEED=17`, and `tests/run --test store simulation`.

#[path = "simulation/node.rs"]
mod node;
#[path = "simulation/watch.rs"]
mod watch;
#[path = "simulation/world.rs"]
mod world;

use crate::support::Home;
use world::World;

/// The seeds to go through: so many where no more are asked for, from a number that no other test begins at.
fn seeds(first: u64, count: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("OPTGATE_SEED") {
        Some(seed) => vec![seed],
        None => (first..first + number("OPTGATE_SEEDS").unwrap_or(count)).collect(),
    }
}

/// A week with this seed. What it prints is shown if it fails.
async fn week(home: Home, nodes: usize, seed: u64) {
    println!("the last seed is the one: OPTGATE_SEED={seed} tests/run --test store simulation");
    World::begin(&home, nodes, seed).await.run().await;
    home.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_window_is_exceeded_and_all_ends_in_time_on_one_node() {
    for seed in seeds(0, 4) {
        week(Home::sqlite().await, 1, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_window_is_exceeded_and_all_ends_in_time_on_five_nodes() {
    for seed in seeds(1_000_000, 2) {
        let Some(home) = Home::postgres().await else { return };
        week(home, 5, seed).await;
    }
}
