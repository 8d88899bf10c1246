//! Journeys: one scenario a file, through the real binary on real sockets, each on SQLite and PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod api;
mod campaign;
mod cluster;
mod confirmation;
mod content;
mod crash;
mod dialects;
mod erasure;
mod explain;
mod faults;
mod import;
mod keys;
mod limits;
mod lint;
mod logs;
mod long_queue;
mod metrics;
mod operation;
mod orders;
mod outages;
mod refusals;
mod restore;
mod resubmission;
mod retention;
mod rollback;
mod smtp_attacks;
mod smtp_balancers;
mod smtp_doors;
mod smtp_extensions;
mod smtp_oddities;
mod reload;
mod reload_under_load;
mod replay;
mod replay_of_a_million;
mod segment;
mod service;
mod slips;
mod spacing;
mod time;
mod tls;
mod upstreams;
mod withdrawal;
