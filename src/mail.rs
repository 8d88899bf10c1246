//! The vocabulary of mail: addresses, envelopes, messages and replies. No sockets, no policy.

pub mod address;
pub mod author;
pub mod effort;
pub mod envelope;
pub mod html;
pub mod message;
pub mod parameters;
pub mod redaction;
pub mod reply;
pub mod xtext;

pub use address::Address;
pub use envelope::{BodyType, Envelope};
pub use message::RawMessage;
pub use parameters::{MailParameters, RcptParameters};
pub use reply::Reply;
