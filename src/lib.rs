//! optgate: an SMTP relay that makes marketing mail lawful and welcome by construction. (The crate's
//! guide, with the life of a message and the invariants, stands here.)

// Vocabulary.
pub mod clock;
pub mod mail;

// The way in.
pub mod smtp;
pub mod intake;
pub mod classify;
pub mod policy;
pub mod consent;
pub mod spool;

// Facts.
pub mod record;

// The way out.
pub mod schedule;
pub mod deliver;
pub mod rewrite;
pub mod language;
pub mod sign;
pub mod outcome;

// What they rest on.
pub mod credential;
pub mod keys;
pub mod store;
pub mod web;

// The program.
pub mod toml_file;
pub mod config;
pub mod telemetry;
pub mod serve;
pub mod cli;
