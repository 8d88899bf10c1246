//! Framing: octets → command lines and message data. Pure and incremental: how the network cut the octets
//! into blocks never shows in the result. It never takes anything but CRLF for the end of a line, and never
//! keeps more than it was allowed. RFC 5321, 2.3.8, 4.1.1.4, 4.5.2 and 4.5.3.1;
//! RFC 3030.

mod chunk;
mod content;
mod data;
mod foreign;
mod lines;

pub use chunk::{ChunkReader, skip};
pub use content::{Dropped, EndOfData};
pub use data::DataReader;
pub use foreign::Foreign;
pub use lines::{BadLine, LineReader};

const CR: u8 = b'\r';
const LF: u8 = b'\n';
