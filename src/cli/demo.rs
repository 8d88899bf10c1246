//! `optgate demo`.

use super::{Session, Status};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Judge every verdict and every captured message, then end.
    #[arg(long)]
    once: bool,
    /// The data folder; else a temporary one.
    #[arg(long, value_name = "DIR")]
    dir: Option<std::path::PathBuf>,
}

pub(super) async fn run(_session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let _ = (arguments.once, arguments.dir);
    todo!()
}
