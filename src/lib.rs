//! optgate: an SMTP relay that makes marketing mail lawful and welcome by construction. (The crate's
//! guide, with the life of a message and the invariants, stands here.)

// Vocabulary.
pub mod clock;
pub mod mail;

// The way in.
pub mod classify;
pub mod consent;
pub mod intake;
pub mod policy;
pub mod smtp;
pub mod spool;

// Facts.
pub mod record;

// The way out.
pub mod deliver;
pub mod language;
pub mod outcome;
pub mod rewrite;
pub mod schedule;
pub mod sign;

// What they rest on.
pub mod credential;
pub mod keys;
pub mod store;
pub mod web;

// The program.
pub mod cli;
pub mod config;
pub mod serve;
pub mod telemetry;
