//! Whole messages through the rewriter: real ones, and ones that torture, read again by parsers that had no part in it.

mod corpus;
mod dialects;
mod judged;
mod judges;
mod memory;
mod torture;
mod tracking;
