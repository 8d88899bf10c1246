//! Parse arguments, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use optgate::cli::{self, Arguments, Status};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The tests' crash points; without the feature `failpoints` there are none.
    let _crash_points = fail::FailScenario::setup();
    let arguments = Arguments::parse();
    // One provider throughout. An error means that it is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("optgate: {error}");
            return ExitCode::from(2);
        }
    };
    let status = runtime.block_on(cli::run(arguments));
    // What still runs here is a blocking call that nobody waits for any more.
    runtime.shutdown_background();
    match status {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::Findings) => ExitCode::from(1),
        // The reader of our output went away, like `head` does.
        Err(error) if cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("optgate: {}", cli::told(&error));
            ExitCode::from(2)
        }
    }
}
