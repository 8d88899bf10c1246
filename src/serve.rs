//! The only wiring: config → parts → tasks → ordered drain.
