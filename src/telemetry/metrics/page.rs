//! The page that `/metrics` shows: Prometheus text. One recorder for the process, as the logs have one.

use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio_util::sync::CancellationToken;

use super::{BUILD, FAMILIES, Kind, POLICY_LOADED, SECONDS, begun, seconds};
use crate::policy::PolicySet;

static PAGE: OnceLock<Page> = OnceLock::new();
/// The hash of the policy set in force. Not a gauge's label: every set that ever was would stay on the page.
static POLICY: Mutex<Option<String>> = Mutex::new(None);
/// Samples wait in memory until somebody folds them in, whether or not anybody scrapes.
const FOLD: Duration = Duration::from_secs(5);

struct Page {
    handle: PrometheusHandle,
    process: Collector,
}

/// Turns measuring on, once for the process; later calls change nothing. Without it nothing is kept.
pub fn start() {
    let Ok(recorder) = builder().map(PrometheusBuilder::build_recorder) else {
        tracing::error!("the buckets of a metric are out of order: nothing is measured");
        return;
    };
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        return;
    }
    for family in FAMILIES {
        match family.kind {
            Kind::Counter => describe_counter!(family.name, family.help),
            Kind::Gauge => describe_gauge!(family.name, family.help),
            Kind::Histogram(_) => describe_histogram!(family.name, family.help),
        }
    }
    begun::program();
    gauge!(BUILD.name, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let process = Collector::default();
    process.describe();
    let _ = PAGE.set(Page { handle, process });
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let mut builder = PrometheusBuilder::new().set_buckets(SECONDS)?;
    for family in FAMILIES {
        if let Kind::Histogram(buckets) = family.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(family.name.to_owned()), buckets)?;
        }
    }
    Ok(builder)
}

/// All that is measured, as Prometheus text 0.0.4; empty where measuring was never started.
pub fn render() -> String {
    let Some(page) = PAGE.get() else { return String::new() };
    page.process.collect();
    let mut text = page.handle.render();
    // What nothing was measured of yet is told too: whoever writes an alert finds all names here.
    for family in FAMILIES {
        let (name, kind) = (family.name, family.kind.word());
        let told = format!("# TYPE {name} {kind}\n");
        if !text.contains(&told) {
            let _ = write!(text, "# HELP {name} {}\n{told}\n", family.help);
        }
    }
    if let Some(hash) = POLICY.lock().unwrap_or_else(PoisonError::into_inner).as_deref() {
        let _ = writeln!(
            text,
            "# HELP optgate_policy_info Always 1; the hash of the policy set in force is a label.\n\
             # TYPE optgate_policy_info gauge\noptgate_policy_info{{hash=\"{hash}\"}} 1"
        );
    }
    text
}

/// The policy set that decides from now on, and for whom. Its hash is ours: letters and digits.
pub fn policy_in_force(policies: &PolicySet, read_at: Timestamp) {
    *POLICY.lock().unwrap_or_else(PoisonError::into_inner) = Some(policies.hash.to_string());
    gauge!(POLICY_LOADED.name).set(seconds(read_at));
    begun::senders(policies.senders.keys().map(String::as_str));
}

/// Folds samples in until cancelled.
pub async fn upkeep(shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(FOLD)).await.is_some() {
        if let Some(page) = PAGE.get() {
            page.handle.run_upkeep();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn metrics_are_named_by_the_rules_of_prometheus() {
        let mut names = HashSet::new();
        for family in FAMILIES {
            let name = family.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(name.starts_with("optgate_"), "{name}");
            let counter = matches!(family.kind, Kind::Counter);
            assert_eq!(counter, name.ends_with("_total"), "{name}");
            assert!(family.help.ends_with('.') && !family.help.contains('\n'), "{name}");
        }
        builder().unwrap();
    }
}
