//! Open files: every connection is one. Many systems give a program few of them and let it ask for more; with too
//! few, whoever opens connections would keep the database and the upstreams from being reached. getrlimit(2).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// For the database, files, name look-ups, and peers that hear that there is no place for them.
const BESIDES: usize = 512;

/// Asks for as many as may be had, and says where they are fewer than the connections that may come.
pub(super) fn see_to_enough(config: &Config) {
    let wanted = wanted(config);
    let had = raise(wanted);
    if had.is_some_and(|had| had < wanted) {
        tracing::warn!(
            open_files = had,
            wanted,
            "too few open files for all connections that the configuration allows: raise the limit (LimitNOFILE, \
             ulimit -n), or lower max_connections"
        );
    }
}

fn wanted(config: &Config) -> u64 {
    let upstreams: usize = config.upstreams.iter().map(|upstream| upstream.connections).sum();
    let incoming =
        [config.smtp.limits.connections, config.web.limits.connections, config.api.limits.connections];
    let returned = config.feedback.as_ref().map(|own| own.limits.connections);
    let all =
        incoming.into_iter().chain(returned).fold(upstreams.saturating_add(BESIDES), usize::saturating_add);
    u64::try_from(all).unwrap_or(u64::MAX)
}

/// How many there are then; `None` is any number.
fn raise(wanted: u64) -> Option<u64> {
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= wanted) {
        return now.current;
    }
    let more = Some(now.maximum.map_or(wanted, |most| most.min(wanted)));
    match setrlimit(Resource::Nofile, Rlimit { current: more, maximum: now.maximum }) {
        Ok(()) => more,
        Err(_) => now.current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_had_is_asked_for_and_no_more() {
        let before = getrlimit(Resource::Nofile);
        assert_eq!(raise(0), before.current);
        if let Some(most) = before.maximum {
            assert_eq!((raise(most), raise(most.saturating_add(1))), (Some(most), Some(most)));
        }
        assert_eq!(getrlimit(Resource::Nofile).maximum, before.maximum);
    }
}
