//! What a pack says and what has no effect: told, since its author meant something by it.

use std::collections::BTreeMap;

use super::ReadPack;
use crate::policy::GroundKind;
use crate::policy::jurisdiction::Jurisdiction;
use crate::toml_file::{Severity, Source};

/// Warnings for these packs, which are folded already as far as they can be.
pub fn tell(packs: &BTreeMap<String, (&Source<'_>, ReadPack)>, folded: &BTreeMap<String, Jurisdiction>) {
    for (id, (source, pack)) in packs {
        if let Some(grounds) = pack.grounds.as_ref().filter(|grounds| grounds.value.is_empty()) {
            source.warning(&grounds.span, "nothing may carry marketing: everybody is refused");
        }
        let Some(own) = folded.get(id) else { continue };
        if let Some(header) = &pack.soft_opt_in.header
            && !own.takes(GroundKind::SoftOptIn)
            && !extended_by_one_that_takes_it(packs, folded, id)
        {
            let message = "this has no effect: `soft_opt_in` is not among the `grounds`";
            source.tell_of_line(Severity::Warning, header.line, message);
            continue;
        }
        let Some(expires) = &pack.soft_opt_in.expires else { continue };
        for how in expires.value.keys().filter(|how| !own.soft_opt_in.from.contains(how)) {
            let message = format!("`{0}` is not in `from`: there is nothing to end", how.as_str());
            source.warning(&expires.span, message);
        }
    }
}

/// Whether what a base says of soft opt-ins is for packs that extend it.
fn extended_by_one_that_takes_it(
    packs: &BTreeMap<String, (&Source<'_>, ReadPack)>,
    folded: &BTreeMap<String, Jurisdiction>,
    base: &str,
) -> bool {
    let takes = |id: &str| folded.get(id).is_some_and(|pack| pack.takes(GroundKind::SoftOptIn));
    let extends = |pack: &ReadPack| pack.extends.as_ref().is_some_and(|given| given.value == base);
    packs.iter().any(|(id, (_, pack))| extends(pack) && takes(id))
}
