//! A private Postfix beside the installed one: its own folders and port, everything relayed to the sink. With the
//! milters it does a part of what the gateway does: a footer and one-click headers for everybody, and DKIM.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::Relay;
use crate::process::{self, Count};
use crate::setup::files::dkim_key;
use crate::setup::{DOMAIN, SELECTOR, free_port};

/// What mail passes on its way through.
#[derive(Clone, Copy, PartialEq)]
pub enum Milters {
    None,
    FooterAndDkim,
}

pub struct Postfix {
    folder: TempDir,
    port: u16,
    master: u32,
    milters: Vec<Child>,
}

impl Postfix {
    /// The reason, where this machine can't run one.
    pub fn start(sink: u16, wanted: Milters) -> Result<Result<Self, &'static str>> {
        if !Path::new("/usr/sbin/postfix").exists() {
            return Ok(Err("Postfix is not installed"));
        }
        if wanted == Milters::FooterAndDkim && !Path::new("/usr/sbin/opendkim").exists() {
            return Ok(Err("Postfix with milters, since opendkim is not installed"));
        }
        if ask("id", &["-u"])? != "0" {
            return Ok(Err("Postfix, which only root can start"));
        }
        let folder = tempfile::tempdir()?;
        // Its daemons run as `postfix` and have to get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let mut postfix = Self { port: free_port()?, folder, master: 0, milters: Vec::new() };
        let milters = match wanted {
            Milters::None => String::new(),
            Milters::FooterAndDkim => postfix.start_milters()?,
        };
        postfix.configure(sink, &milters)?;
        postfix.control("start")?;
        let pid = fs::read_to_string(postfix.folder.path().join("queue/pid/master.pid"))?;
        postfix.master = pid.trim().parse()?;
        wait_for_port(postfix.port)?;
        Ok(Ok(postfix))
    }

    /// Gives the setting that names them.
    fn start_milters(&mut self) -> Result<String> {
        let (footer, dkim) = (free_port()?, free_port()?);
        let own = std::env::current_exe()?;
        self.milters.push(Command::new(own).arg(format!("--footer-milter={footer}")).spawn()?);
        let key = self.folder.path().join("dkim.pem");
        fs::write(&key, dkim_key()?)?;
        let config = self.folder.path().join("opendkim.conf");
        fs::write(
            &config,
            format!(
                "Socket inet:{dkim}@127.0.0.1\nDomain {DOMAIN}\nSelector {SELECTOR}\nKeyFile {}\nMode s\n\
                 Canonicalization relaxed/relaxed\nSignatureAlgorithm rsa-sha256\nRequireSafeKeys no\n\
                 Background no\nSyslog no\nInternalHosts 127.0.0.1\n",
                key.display()
            ),
        )?;
        let opendkim = Command::new("/usr/sbin/opendkim").arg("-x").arg(&config).arg("-f").spawn()?;
        self.milters.push(opendkim);
        wait_for_port(footer)?;
        wait_for_port(dkim)?;
        Ok(format!("inet:127.0.0.1:{footer}, inet:127.0.0.1:{dkim}"))
    }

    fn configure(&self, sink: u16, milters: &str) -> Result<()> {
        let folder = self.folder.path();
        let shown = folder.display();
        let daemons = ask("/usr/sbin/postconf", &["-d", "-h", "daemon_directory"])?;
        fs::create_dir_all(folder.join("queue"))?;
        let data = folder.join("data");
        fs::create_dir_all(&data)?;
        chown(&data, Some(ask("id", &["-u", "postfix"])?.parse()?), None)?;
        // No pause when mail comes faster than it leaves: Postfix at its best.
        let settings = format!(
            "compatibility_level = 3.6\nqueue_directory = {shown}/queue\ndata_directory = {shown}/data\n\
             daemon_directory = {daemons}\ncommand_directory = /usr/sbin\nmail_owner = postfix\n\
             setgid_group = postdrop\nmyhostname = gateway.example\nmydestination =\ninet_protocols = ipv4\n\
             inet_interfaces = 127.0.0.1\nmynetworks = 127.0.0.0/8\nsmtpd_peername_lookup = no\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\nrelayhost = [127.0.0.1]:{sink}\n\
             alias_maps =\nalias_database =\nlocal_recipient_maps =\nsmtp_dns_support_level = disabled\n\
             smtp_host_lookup = native\nin_flow_delay = 0\nmilter_default_action = tempfail\n\
             smtpd_milters = {milters}\nmaillog_file = {shown}/log\nmaillog_file_prefixes = {shown}\n"
        );
        fs::write(folder.join("main.cf"), settings)?;
        Ok(fs::write(folder.join("master.cf"), services(self.port))?)
    }

    fn control(&self, verb: &str) -> Result<()> {
        let mut command = Command::new("/usr/sbin/postfix");
        command.arg("-c").arg(self.folder.path()).arg(verb);
        let output = command.stdin(Stdio::null()).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "postfix {verb}: {errors}");
        Ok(())
    }

    fn daemons(&self) -> Result<Vec<u32>> {
        let mut daemons = process::children(self.master)?;
        daemons.push(self.master);
        Ok(daemons)
    }
}

impl Relay for Postfix {
    fn name(&self) -> &str {
        if self.milters.is_empty() { "Postfix" } else { "Postfix, footer milter, opendkim" }
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn login(&self) -> Option<(String, String)> {
        None
    }

    /// Of the master, of its daemons, those that ended included, and of the milters.
    fn cpu(&self) -> Result<Duration> {
        let daemons = self.daemons()?.into_iter();
        // A daemon that ends in between is counted with the master the next time.
        let daemons = daemons.filter_map(|pid| process::cpu(pid, Count::WithEndedChildren).ok());
        let milters = self.milters.iter().filter_map(|milter| process::cpu(milter.id(), Count::Own).ok());
        Ok(daemons.chain(milters).sum())
    }

    /// What its processes hold together now; a sum of peaks would count what they share many times.
    fn memory(&self) -> Result<u64> {
        let milters = self.milters.iter().map(Child::id);
        let processes = self.daemons()?.into_iter().chain(milters);
        // One that has just ended holds nothing.
        Ok(processes.filter_map(|pid| process::proportional(pid).ok()).sum())
    }

    fn forget_peak(&self) -> Result<()> {
        Ok(())
    }

    fn is_settled(&self) -> Result<bool> {
        let queue = self.folder.path().join("queue");
        let mut waiting = ["maildrop", "incoming", "active", "deferred"].iter().map(|name| queue.join(name));
        Ok(!waiting.any(|folder| holds_files(&folder)))
    }

    fn marks(&self) -> &'static [&'static str] {
        if self.milters.is_empty() { &[] } else { &["dkim-signature:", "list-unsubscribe:"] }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if self.master != 0 {
            self.control("stop").ok();
        }
        for milter in &mut self.milters {
            milter.kill().ok();
            milter.wait().ok();
        }
    }
}

/// Without chroot, and only what relaying needs.
fn services(port: u16) -> String {
    let daemon = |service: &str, kind: &str, private: &str, wakeup: &str, limit: &str, program: &str| {
        format!("{service} {kind} {private} - n {wakeup} {limit} {program}\n")
    };
    let mut services = daemon(&format!("127.0.0.1:{port}"), "inet", "n", "-", "-", "smtpd");
    services += &daemon("pickup", "unix", "n", "60", "1", "pickup");
    services += &daemon("cleanup", "unix", "n", "-", "0", "cleanup");
    services += &daemon("qmgr", "unix", "n", "300", "1", "qmgr");
    services += &daemon("postlog", "unix-dgram", "n", "-", "1", "postlogd");
    let inner = [
        ("rewrite", "trivial-rewrite"),
        ("bounce", "bounce"),
        ("defer", "bounce"),
        ("trace", "bounce"),
        ("proxymap", "proxymap"),
        ("smtp", "smtp"),
        ("relay", "smtp"),
        ("error", "error"),
        ("retry", "error"),
    ];
    for (service, program) in inner {
        services += &daemon(service, "unix", "-", "-", "-", program);
    }
    services += &daemon("anvil", "unix", "-", "-", "1", "anvil");
    services += &daemon("scache", "unix", "-", "-", "1", "scache");
    services
}

fn holds_files(folder: &PathBuf) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => holds_files(&entry.path()),
        _ => true,
    })
}

fn wait_for_port(port: u16) -> Result<()> {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(began.elapsed() < Duration::from_secs(10), "nothing listens on port {port}");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// What a command prints.
fn ask(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    ensure!(output.status.success(), "{program} {arguments:?}: {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
