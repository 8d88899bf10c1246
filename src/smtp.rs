//! Accept: the SMTP server that marketing tools submit to. RFC 5321, 6409.
//!
//! `session` is a pure state machine, `wire` the framing, `auth` the exchanges; only `server` has sockets.

pub mod wire;
pub mod session;
pub mod auth;
pub mod server;
