//! What comes back, and what is told to those who wait.

pub mod dsn;
