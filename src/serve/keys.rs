//! The keys of a node's folder. A node reads them; it makes them for a database that is new, and for no other:
//! a fresh key beside an old database opens nothing, finds nobody, and could be taken for the lost one.
//! DESIGN.md, "Keys".

use anyhow::bail;

use super::data_dir::DataDir;
use crate::clock::Clock;
use crate::keys::{KeyError, Keys};
use crate::store::{Store, StoreOptions};

/// What becomes of keys that are not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// They are made, if the database is new.
    Made,
    /// A command beside a gateway makes none.
    Refused,
}

pub(super) async fn of(
    home: &DataDir,
    options: &StoreOptions,
    clock: &Clock,
    absent: Absent,
) -> anyhow::Result<Keys> {
    let missing = match home.keys() {
        Err(KeyError::Missing(file)) => file.display().to_string(),
        read => return Ok(read?),
    };
    if Store::is_bound(&options.url, clock.clone()).await? {
        bail!(
            "{missing} is missing, and the database can't be read without it: put it back from its backup, \
             or give this node the keys of the first one; see docs/backup.md"
        );
    }
    if home.holds_noes()? {
        bail!(
            "{missing} is missing, and the journal of noes was written under it: put it back from its backup, \
             or every no is forgotten; see docs/backup.md"
        );
    }
    match absent {
        Absent::Made => Ok(home.make_keys()?),
        Absent::Refused => bail!("{missing} is missing and the database is new: run `optgate migrate` first"),
    }
}
