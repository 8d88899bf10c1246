//! optgate stands in front of the outbound mail provider and decides, for every recipient of every
//! message: *may this sender mail this person about this, now?*
//!
//! # The life of a message
//!
//! ```text
//! accept ─▶ classify ─▶ decide ─▶ spool ═══▶ schedule ─▶ decide again ─▶ rewrite ─▶ sign ─▶ send ─▶ settle
//! smtp      classify    policy    one commit schedule    policy          rewrite    sign    deliver  outcome
//!         \__________ intake ___________/             \___________________ deliver ____________________/
//!
//! a fact (click, mail, API call, import, command) ─▶ check ─▶ commit ─▶ stop what is queued              record
//! ```
//!
//! Three spines tell the story from top to bottom, and everything else is a step that one of them calls:
//! every message enters by [`intake`], every departure leaves by [`deliver`], and every fact about a person
//! enters by [`record`], whichever door it used. The modules below stand in that order.
//!
//! # Invariants
//!
//! Each has a test whose name starts with its number (`i3_…`) and a comment where the code upholds it. When
//! they compete, this is the order: a no is honoured, nothing accepted is lost, nothing is damaged, refusals
//! are explained; then speed and looks.
//!
//! 1. **250 means durable.** Message, verdicts and events are committed and synced before the reply.
//! 2. **Nothing leaves without a verdict.** The spool takes only what the first decision admits, and only
//!    what the second one releases may be sent; both are types that only [`policy::decide`] makes.
//! 3. **Decided twice.** A withdrawal committed before the claim stops the delivery.
//! 4. **Cannot tell is not yes.** Consent or policy that can't be read is a 451 or "later".
//! 5. **A no is never lost.** The page says "done" only after the commit.
//! 6. **A GET changes nothing.**
//! 7. **What is not ours to change stays byte for byte.** Signed and encrypted bodies are never touched.
//! 8. **One canonical form, in and out.** DATA ends at CRLF.CRLF alone; addresses are written anew.
//! 9. **Nothing is stuck.** Every delivery has a deadline, and every claim a lease that runs out.
//! 10. **At least once, and why.** Duplicates are possible only among deliveries that were in hand at a
//!     crash, or whose upstream reply was lost. The same submitted again within a day is sent once.
//! 11. **No personal data in logs, metrics, links or URLs.**
//! 12. **Personal data is sealed at rest**, and erasing a person destroys the key.
//! 13. **The clock, randomness and the network are handed in.**
//! 14. **A recorded no holds in every mode**, shadow included, and after a backup is restored.
//! 15. **No query without its sender.**
//! 16. **What left can be shown**: a row without address stays, for as long as the sender's policy says.

// What comes from outside may surprise this crate, but not end it; and output goes where it was asked for.
#![cfg_attr(
    not(test),
    warn(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::panic,
        clippy::print_stdout,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

// Vocabulary.
pub mod clock;
pub mod mail;

// The way in.
pub mod smtp;
pub mod intake;
pub mod compose;
pub mod classify;
pub mod lint;
pub mod policy;
pub mod consent;
pub mod spool;

// Facts.
pub mod record;
pub mod feedback;
pub mod feed;
pub mod retention;

// The way out.
pub mod schedule;
pub mod deliver;
pub mod rewrite;
pub mod language;
pub mod sign;
pub mod outcome;

// What they rest on.
pub mod limits;
pub mod credential;
pub mod keys;
pub mod journal;
pub mod store;
pub mod web;

// The program.
pub mod csv;
pub mod toml_file;
pub mod config;
pub mod telemetry;
pub mod serve;
pub mod cli;
