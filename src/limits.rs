//! How much one peer may take, and how much all of them together: counts by address, bounded in memory, and
//! turns at the processor. What a limit means to a peer is said where it is met; nothing here is told by anybody
//! from outside what it is to remember for how long.

pub mod heavy;
pub mod peer;
pub mod places;
pub mod recent;
pub mod tally;

pub use peer::{KeyRate, Peer, PeerRate};
pub use recent::Recent;
pub use tally::Tally;
