//! How fast a file of consent comes in while mail flows: the release binary as a gateway, a tool that submits at a
//! steady pace, and `optgate consent import` beside them. `cargo bench --bench import -- --help` names the options.

#[path = "../setup/mod.rs"]
#[expect(dead_code, reason = "what the other benches need of it")]
mod setup;
#[path = "../relay/sink.rs"]
#[expect(dead_code, reason = "what the other bench needs of it")]
mod sink;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use serde_json::Value;
use tokio::sync::watch;

use setup::gateway::SENDER;
use setup::{Gateway, Newsletter, Plan, Session, subscriber};
use sink::Sink;

/// Of the tool that submits.
const SESSIONS: u32 = 4;

/// Measures rows a second, and how long a tool waits for its 250 meanwhile.
#[derive(Parser)]
#[command(name = "import")]
struct Options {
    /// Rows of the file
    #[arg(long, default_value_t = 500_000)]
    rows: usize,
    /// Messages a second
    #[arg(long, default_value_t = 50)]
    pace: u32,
    /// Subscribers with a double opt-in, who get the mail
    #[arg(long, default_value_t = 500)]
    subscribers: usize,
    /// Of a hundred rows, those that are noes
    #[arg(long, default_value_t = 5)]
    noes: usize,
    /// Keeps the data in this database, which must be empty, instead of in SQLite
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// `cargo bench` gives it, `cargo test` doesn't
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if !options.bench {
        println!("it compiles; to measure: cargo bench --bench import");
        return Ok(());
    }
    setup::until_told_to_end(run(&options))
}

async fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sink = Sink::start().await?;
    let plan = Plan {
        folder: folder.path(),
        upstream: sink.port(),
        postgres: options.postgres.as_deref(),
        deadline: Duration::from_secs(3600),
        environment: Vec::new(),
    };
    let gateway = Arc::new(Gateway::start(plan).await?);
    gateway.record_consent(options.subscribers).await?;
    let table = folder.path().join("table.csv");
    write_table(&table, options)?;
    let size = std::fs::metadata(&table)?.len() >> 20;
    println!("{} rows ({size} MiB), {} messages a second beside them", options.rows, options.pace);
    println!("{:<30} {:>10} {:>12} {:>26}", "", "rows/s", "mail/s", "250 after: median, 99 %, most");
    tell("mail alone", None, mail(&gateway, options, Duration::from_secs(5)).await?);
    for name in ["import", "import, without mail", "the same again, with mail"] {
        let (stop, stopped) = watch::channel(false);
        let with_mail = !name.contains("without");
        let flow = tokio::spawn(flow(gateway.clone(), options.pace, options.subscribers, stopped));
        if !with_mail {
            stop.send_replace(true);
            write_table(&table, &Options { bench: true, ..shifted(options) })?;
        }
        let began = Instant::now();
        let tally = import(&gateway, &table).await?;
        let took = began.elapsed();
        stop.send_replace(true);
        let (rows, rejected) = (options.rows, TRAPS.len() * (options.rows / EVERY));
        // The same again comes to nothing; what is wrong stays wrong.
        let kept = if name.contains("again") { "unchanged" } else { "recorded" };
        ensure!(tally["rejected"] == rejected && tally[kept] == rows - rejected, "{tally}");
        tell(name, Some(options.rows as f64 / took.as_secs_f64()), flow.await??);
    }
    Ok(())
}

/// Other people than the first ones.
fn shifted(options: &Options) -> Options {
    Options { postgres: options.postgres.clone(), noes: options.noes + 1_000_000, ..*options }
}

/// Rows that nobody may take, once in so many rows.
const TRAPS: [&[u8]; 7] = [
    b"not an address,double_opt_in,news,2026-05-01T10:00:00Z,se,sv,",
    b"trap@gmail.example,double_opt_in,weather,2026-05-01T10:00:00Z,se,sv,",
    b"trap@gmail.example,double_opt_in,news,2126-05-01T10:00:00Z,se,sv,",
    b"trap@gmail.example,double_opt_in,news,01/05/2026,se,sv,",
    b"trap@gmail.example,double_opt_in,news,2026-05-01T10:00:00Z,se,sv,{\xe5}",
    b"\"=cmd|' /C calc'!A0\",double_opt_in,news,2026-05-01T10:00:00Z,se,sv,",
    b"trap@gmail.example,double_opt_in,news,2026-05-01T10:00:00Z,se,sv,,one,more",
];
const EVERY: usize = 1000;

fn write_table(path: &Path, options: &Options) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "email,kind,scopes,obtained_at,jurisdiction,locale,evidence")?;
    let (series, noes) = (options.noes / 1_000_000, options.noes % 1_000_000);
    for number in 0..options.rows {
        if let Some(trap) =
            TRAPS.get(number % EVERY).filter(|_| options.rows - number >= EVERY - number % EVERY)
        {
            out.write_all(trap)?;
            writeln!(out)?;
            continue;
        }
        let person = format!("imported{series}n{number}@gmail.example");
        if number % 100 < noes {
            writeln!(out, "{person},withdrawal,,2026-05-02T10:00:00Z,,,")?;
        } else {
            writeln!(
                out,
                "{person},double_opt_in,news,2026-05-01T10:00:00Z,se,sv,\"{{\"\"form_url\"\": \"\"https://shop.example/news\"\", \
                 \"\"form_text\"\": \"\"Yes, write to me about news\"\", \"\"ip\"\": \"\"192.0.2.7\"\"}}\""
            )?;
        }
    }
    Ok(out.flush()?)
}

async fn import(gateway: &Gateway, table: &Path) -> Result<Value> {
    let table = table.display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_optgate"));
    command.arg("--config").arg(&gateway.config);
    command.args(["consent", "import", &table, "--sender", SENDER, "--source", "bench", "--json"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    // 1: some rows were rejected, as they should be.
    ensure!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn mail(gateway: &Arc<Gateway>, options: &Options, during: Duration) -> Result<Vec<Duration>> {
    let (stop, stopped) = watch::channel(false);
    let flow = tokio::spawn(flow(gateway.clone(), options.pace, options.subscribers, stopped));
    tokio::time::sleep(during).await;
    stop.send_replace(true);
    flow.await?
}

/// Submits at this pace until it is stopped; how long each 250 took, from the moment at which it was due.
async fn flow(
    gateway: Arc<Gateway>,
    pace: u32,
    subscribers: usize,
    stopped: watch::Receiver<bool>,
) -> Result<Vec<Duration>> {
    let sessions = (0..SESSIONS).map(|number| {
        let (gateway, stopped) = (gateway.clone(), stopped.clone());
        tokio::spawn(session(gateway, number, Duration::from_secs(1) / pace, subscribers, stopped))
    });
    let mut waits = Vec::new();
    for session in sessions.collect::<Vec<_>>() {
        waits.extend(session.await??);
    }
    Ok(waits)
}

/// Every so manieth message of the flow.
async fn session(
    gateway: Arc<Gateway>,
    number: u32,
    every: Duration,
    subscribers: usize,
    stopped: watch::Receiver<bool>,
) -> Result<Vec<Duration>> {
    let newsletter = Newsletter::of(5 * 1024);
    let (user, password) = gateway.login();
    let mut session = Session::open(gateway.ports.smtp, Some((&user, &password))).await?;
    let mut waits = Vec::new();
    let mut due = tokio::time::Instant::now() + every * number;
    for index in (number as usize..).step_by(SESSIONS as usize) {
        if *stopped.borrow() {
            break;
        }
        tokio::time::sleep_until(due).await;
        let recipient = subscriber(index % subscribers);
        let reply = session.submit(&recipient, &newsletter.copy(index, &recipient)).await?;
        ensure!(reply.starts_with("250"), "{reply}");
        waits.push(due.elapsed());
        due += every * SESSIONS;
    }
    session.close().await?;
    Ok(waits)
}

fn tell(name: &str, rows: Option<f64>, mut waits: Vec<Duration>) {
    waits.sort();
    let part = |hundredths: usize| {
        let at = (waits.len() * hundredths / 100).min(waits.len().saturating_sub(1));
        waits.get(at).map_or_else(String::new, |wait| format!("{:.0} ms", wait.as_secs_f64() * 1e3))
    };
    let rows = rows.map_or_else(String::new, |rows| format!("{rows:.0}"));
    let told = format!("{}, {}, {}", part(50), part(99), part(100));
    println!("{name:<30} {rows:>10} {:>12} {told:>26}", waits.len());
}
