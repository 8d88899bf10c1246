//! What the gateway costs, end to end, on one machine: a source, the gateway as a process of its own with all
//! that it does for a newsletter switched on, and a counting sink; beside a private Postfix where one is
//! installed. `cargo bench --bench relay -- --help` names the options.
//!
//! Source and sink run here and take their share of the cores, so messages a second say little about another
//! machine. The CPU time of the relay's own processes is the figure to compare.

mod footer_milter;
mod gateway;
mod postfix;
mod process;
#[path = "../setup/mod.rs"]
mod setup;
mod sink;
mod source;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use setup::Newsletter;
use sink::Sink;
use source::Campaign;

/// Measures relaying: messages a second, CPU milliseconds a message, peak memory.
#[derive(Parser)]
#[command(name = "relay")]
struct Options {
    /// Messages of each size
    #[arg(long, default_value_t = 4000)]
    messages: usize,
    /// Sizes of a message, in KB
    #[arg(long, value_delimiter = ',', default_values_t = [5, 60])]
    sizes: Vec<usize>,
    /// Sessions that the source keeps open
    #[arg(long, default_value_t = 20)]
    sessions: usize,
    /// Subscribers with a double opt-in, who get the messages in turn
    #[arg(long, default_value_t = 2000)]
    subscribers: usize,
    /// Measures the gateway alone
    #[arg(long)]
    no_postfix: bool,
    /// Measures Postfix alone
    #[arg(long)]
    no_gateway: bool,
    /// Keeps the gateway's data in this database, which must be empty, instead of in SQLite; its server's CPU time
    /// is not counted
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// `cargo bench` gives it, `cargo test` doesn't
    #[arg(long, hide = true)]
    bench: bool,
    /// Runs as the milter beside Postfix, on this port
    #[arg(long, hide = true, value_name = "PORT")]
    footer_milter: Option<u16>,
}

/// What is measured: something that takes mail on a port and hands it to the sink.
trait Relay {
    fn name(&self) -> &str;
    fn port(&self) -> u16;
    /// User name and password, where it asks for them.
    fn login(&self) -> Option<(String, String)>;
    /// CPU time of its processes so far.
    fn cpu(&self) -> Result<Duration>;
    /// Bytes: the most since `forget_peak` of a single process, what they hold now of several.
    fn memory(&self) -> Result<u64>;
    fn forget_peak(&self) -> Result<()>;
    /// Whether nothing waits in it any more.
    fn is_settled(&self) -> Result<bool>;
    /// What the header of every message that it relayed must hold, in lower case.
    fn marks(&self) -> &'static [&'static str];
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(port) = options.footer_milter {
        return footer_milter::serve(port);
    }
    if !options.bench {
        println!("it compiles; to measure: cargo bench --bench relay");
        return Ok(());
    }
    setup::until_told_to_end(run(&options))
}

async fn run(options: &Options) -> Result<()> {
    let sink = Sink::start().await?;
    println!(
        "{} messages of each size, {} sessions, one recipient a message, {} subscribers",
        options.messages, options.sessions, options.subscribers
    );
    println!(
        "{:<36} {:>6} {:>10} {:>12} {:>10} {:>10}",
        "relay", "size", "messages/s", "CPU ms/msg", "MiB", "duplicates"
    );
    if !options.no_gateway {
        let gateway = gateway::Optgate::start(sink.port(), options).await?;
        measure_sizes(&gateway, &sink, options).await?;
    }
    if !options.no_postfix {
        for milters in [postfix::Milters::None, postfix::Milters::FooterAndDkim] {
            match postfix::Postfix::start(sink.port(), milters)? {
                Ok(postfix) => measure_sizes(&postfix, &sink, options).await?,
                Err(absent) => println!("not measured: {absent}"),
            }
        }
    }
    Ok(())
}

async fn measure_sizes(relay: &dyn Relay, sink: &Sink, options: &Options) -> Result<()> {
    for size in &options.sizes {
        relay.forget_peak()?;
        measure(relay, &Newsletter::of(size * 1024), sink, options).await?;
    }
    Ok(())
}

/// From the first connection of the source until the last message is at the sink and settled.
async fn measure(relay: &dyn Relay, newsletter: &Newsletter, sink: &Sink, options: &Options) -> Result<()> {
    let used_before = relay.cpu()?;
    let arrived = sink.expect(options.messages, relay.marks());
    let began = Instant::now();
    let campaign = Campaign {
        port: relay.port(),
        login: relay.login(),
        newsletter: newsletter.clone(),
        messages: options.messages,
        recipients: (0..options.subscribers).map(setup::subscriber).collect(),
    };
    let submitted = campaign.submit(options.sessions).await;
    submitted.with_context(|| format!("submitting to {}", relay.name()))?;
    tokio::time::timeout(Duration::from_secs(300), arrived)
        .await
        .with_context(|| format!("{} of {} arrived", sink.arrived(), options.messages))?;
    let took = began.elapsed();
    let memory = relay.memory()?;
    while !relay.is_settled()? {
        ensure!(began.elapsed() < Duration::from_secs(600), "{} does not settle", relay.name());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let used = relay.cpu()?.saturating_sub(used_before);
    let tally = sink.tally();
    ensure!(tally.unmarked == 0, "{} messages lack one of {:?}", tally.unmarked, relay.marks());
    let messages = options.messages as f64;
    println!(
        "{:<36} {:>3} KB {:>10.0} {:>12.2} {:>10.0} {:>10}",
        relay.name(),
        newsletter.size() / 1024,
        messages / took.as_secs_f64(),
        used.as_secs_f64() * 1000.0 / messages,
        memory as f64 / (1024.0 * 1024.0),
        tally.duplicates
    );
    Ok(())
}
