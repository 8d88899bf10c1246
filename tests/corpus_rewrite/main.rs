//! Whole messages through the rewriter: real ones, and ones that torture, read again by parsers that had no part in it.

mod corpus;
mod dialects;
mod judged;
mod judges;
mod memory;
mod torture;
mod tracking;

/// The gateway's own, so that a message takes here what it takes there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
