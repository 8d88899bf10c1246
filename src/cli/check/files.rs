//! What a start would find of files: the data folder and its keys, the database's folder, the certificate's
//! end. Nothing is made and nothing is changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use crate::config::Config;
use crate::config::certificate::not_after;
use crate::keys::{KeyError, Keys};
use crate::policy::file::{Mistake, Severity};
use crate::toml_file::whole_file;

/// A certificate that ends sooner than this should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// All that is wrong.
pub(super) fn mistakes(config: &Config, now: Timestamp) -> Vec<Mistake> {
    let mut found = Vec::new();
    let data_dir = &config.data_dir;
    found.extend(unusable(data_dir));
    let made_before = made_before(config);
    for error in Keys::check(&data_dir.join("keys")) {
        if made_before || !matches!(error, KeyError::Missing(_)) {
            found.push(wrong(data_dir, Severity::Error, error.to_string()));
        }
    }
    if let Some(file) = config.database.expose_secret().strip_prefix("sqlite://") {
        let folder = Path::new(file).parent().filter(|folder| folder != data_dir);
        found.extend(folder.and_then(unusable));
    }
    found.extend(certificate(config, now));
    found
}

/// Whether there are data that need the keys: a database of this machine, or what a gateway has left beside its
/// journal of noes.
fn made_before(config: &Config) -> bool {
    let database = config.database.expose_secret().strip_prefix("sqlite://").map(Path::new);
    let filled = |file: &Path| std::fs::metadata(file).is_ok_and(|own| own.len() > 0);
    database.is_some_and(filled) || filled(&config.data_dir.join("journal/mark"))
}

/// A folder that is none, or in which this user could not write. One that is not there is made, if its
/// parent lets it.
fn unusable(folder: &Path) -> Option<Mistake> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let shown = there.display();
    let message = match std::fs::metadata(there) {
        Err(error) => format!("{shown} can't be looked at: {error}"),
        Ok(found) if !found.is_dir() => format!("{shown} is not a folder"),
        Ok(found) if !writable(found.mode(), found.uid()) => {
            format!("{shown} can't be written by this user: run the check as the one who serves")
        }
        Ok(_) => return None,
    };
    Some(wrong(folder, Severity::Error, message))
}

/// As far as the mode tells; groups are believed.
fn writable(mode: u32, owner: u32) -> bool {
    let user = std::fs::metadata("/proc/self").map_or(0, |own| own.uid());
    match user {
        0 => true,
        user if user == owner => mode & 0o200 != 0,
        _ => mode & 0o022 != 0,
    }
}

fn certificate(config: &Config, now: Timestamp) -> Option<Mistake> {
    let files = config.smtp.certificate.as_ref()?;
    let key = files.load().ok()?;
    let ends = key.cert.first().and_then(|certificate| not_after(certificate))?;
    if ends <= now {
        let message = format!("the certificate ended at {ends}: tools refuse it");
        return Some(wrong(&files.certificate, Severity::Error, message));
    }
    let left = Duration::try_from(ends.duration_since(now)).unwrap_or_default();
    (left < SOON).then(|| {
        wrong(&files.certificate, Severity::Warning, format!("the certificate ends soon: at {ends}"))
    })
}

fn wrong(place: &Path, severity: Severity, message: String) -> Mistake {
    whole_file(&place.display().to_string(), severity, message)
}
