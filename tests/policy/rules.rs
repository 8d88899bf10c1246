//! The shipped packs against the page that they encode, where it is at hand (OPTGATE_SHARED).

use std::path::PathBuf;
use std::time::Duration;

use optgate::policy::file::{parse, shipped};
use optgate::policy::jurisdiction::{Acquaintance, Confidence, Honoured, Jurisdiction};
use optgate::policy::{GroundKind, PolicySet};
use regex::Regex;

fn policies() -> PolicySet {
    parse(&shipped()).unwrap().0
}

/// The rows of the table below a heading, cell by cell.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The id that a row begins with.
fn id(row: &[String]) -> Option<&str> {
    row[0].strip_prefix('`')?.split('`').next()
}

/// That of the weakest statement: **V** primary, **S** secondary, **M** from memory.
fn confidence(row: &[String]) -> Confidence {
    let (last, others) = row.split_last().unwrap();
    let letter = Regex::new(r"\b[VSM]\b").unwrap();
    let of_row = letter.find_iter(last).map(|found| found.as_str());
    let weakest = of_row
        .chain(others.iter().filter(|cell| cell.contains("(M)")).map(|_| "M"))
        .min_by_key(|l| *l != "M");
    match weakest {
        Some("M") => Confidence::Unchecked,
        _ if letter.find_iter(last).any(|found| found.as_str() == "S") => Confidence::Secondary,
        _ => Confidence::Primary,
    }
}

fn number(cell: &str) -> Option<u32> {
    Regex::new(r"\d+").unwrap().find(cell)?.as_str().parse().ok()
}

#[test]
fn there_is_a_pack_for_each_row_of_the_rules_with_its_confidence_and_numbers() {
    let Some(shared) = std::env::var_os("OPTGATE_SHARED") else {
        assert!(std::env::var_os("CI").is_none(), "CI names the shared folder");
        return eprintln!("no OPTGATE_SHARED: not run");
    };
    let page = std::fs::read_to_string(PathBuf::from(shared).join("RULES.md")).unwrap();
    let policies = policies();
    let pack = |id: &str| policies.jurisdictions.get(id).unwrap_or_else(|| panic!("there is no pack {id}"));
    let marketing = rows(&page, "Direct marketing");
    assert!(marketing.len() >= 9, "{}", marketing.len());
    for row in &marketing {
        let pack = pack(id(row).expect("a pack's id"));
        let id = &pack.id;
        assert_eq!(pack.origin.confidence, confidence(row), "{id}");
        assert_eq!(months(pack), expiry(&row[3]), "{id} expires");
        let days = pack.unsubscribe.link_life.map(|life| life.as_secs() / 86_400);
        assert_eq!(days, number(&row[5]).map(u64::from), "{id} link");
        let honoured = match row[6].split([';', '(']).next().unwrap().trim() {
            "at once" => Honoured::AtOnce,
            "promptly" => Honoured::Promptly,
            days => Honoured::BusinessDays(number(days).unwrap()),
        };
        assert_eq!(pack.unsubscribe.honoured_within, Some(honoured), "{id} honoured");
        assert!(pack.content.postal_address || !row[4].contains("address"), "{id} address");
        assert_eq!(pack.content.advertising_label, row[4].contains("advertising"), "{id} label");
    }
    let tracking = rows(&page, "Tracking");
    for row in tracking.iter().filter(|row| id(row).is_some()) {
        let pack = pack(id(row).unwrap());
        assert!(pack.tracking.consent);
        assert_eq!(pack.origin.confidence, confidence(row), "{}", pack.id);
        assert_eq!(pack.tracking.separate, row[1].contains("separate"), "{}", pack.id);
        assert_eq!(pack.tracking.stops_in_sent_mail, row[3].contains("already sent"), "{}", pack.id);
    }
}

/// What a pack lets end, in months, in the order in which the page names it.
fn months(pack: &Jurisdiction) -> Vec<u32> {
    let known = [Acquaintance::Purchase, Acquaintance::Inquiry, Acquaintance::Negotiation];
    known.iter().filter_map(|how| pack.soft_opt_in.expires.months.get(how).copied()).collect()
}

/// `3 years after …`, `24 months (purchase), 6 months (inquiry)`.
fn expiry(cell: &str) -> Vec<u32> {
    let span = Regex::new(r"(\d+) (months|years)").unwrap();
    let months = |found: regex::Captures<'_>| {
        let number: u32 = found[1].parse().unwrap();
        if &found[2] == "years" { 12 * number } else { number }
    };
    span.captures_iter(cell).map(months).collect()
}

/// The paragraph below the table: what the product takes is no more than the row takes.
#[test]
fn the_shipped_packs_are_no_laxer_than_they_say() {
    use GroundKind::{DoubleOptIn, NoObjection, SingleOptIn, SoftOptIn};
    let policies = policies();
    for pack in policies.jurisdictions.values() {
        let expected: &[GroundKind] = match &*pack.id {
            "eu" | "de" | "nl" | "se" | "fr" | "uk" => &[DoubleOptIn, SoftOptIn],
            "ca" | "au" => &[DoubleOptIn, SingleOptIn, SoftOptIn],
            "us" => &[NoObjection],
            "unknown" | "it" => &[DoubleOptIn],
            other => panic!("what may {other} take?"),
        };
        assert_eq!(pack.grounds, expected, "{}", pack.id);
        assert!(!pack.reconfirm_imported, "{}: doing nothing is never consent", pack.id);
    }
}

#[test]
fn where_nothing_is_known_the_strictest_of_all_packs_holds() {
    let policies = policies();
    let unknown = &policies.jurisdictions["unknown"];
    for pack in policies.jurisdictions.values() {
        let (all, one) = (unknown.content, pack.content);
        for (all, one) in [
            (all.identity, one.identity),
            (all.postal_address, one.postal_address),
            (all.contact_address, one.contact_address),
            (all.privacy_notice, one.privacy_notice),
            (all.advertising_label, one.advertising_label),
            (unknown.tracking.consent, pack.tracking.consent),
            (unknown.tracking.separate, pack.tracking.separate),
            (unknown.tracking.stops_in_sent_mail, pack.tracking.stops_in_sent_mail),
        ] {
            assert!(all || !one, "{} asks for more", pack.id);
        }
        let life = |pack: &Jurisdiction| pack.unsubscribe.link_life.unwrap_or(Duration::ZERO);
        assert!(life(unknown) >= life(pack), "{}", pack.id);
        assert!(unknown.retention.withdrawals_months >= pack.retention.withdrawals_months, "{}", pack.id);
    }
}
