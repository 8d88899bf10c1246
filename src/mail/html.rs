//! HTML as mail clients read it: cut into tags and comments, and its character references. Nothing is built or changed
//! here.

mod foreign;
pub mod reference;
pub mod style;
mod tokens;

pub use tokens::{Left, Name, Raw, Script, Token, Tokens, Unended, attributes, name_end};
