//! `optgate.toml`: RawConfig (what was typed) → Config (what may be trusted). Reports all mistakes at once.
//! Only `main`, `cli` and `serve` see it.
