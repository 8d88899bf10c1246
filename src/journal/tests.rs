use std::os::unix::fs::PermissionsExt as _;

use jiff::Timestamp;

use super::*;
use crate::consent::{Event, EventKind};
use crate::keys::LookupHash;

fn no(person: u8, id: u128, second: i64, kind: EventKind) -> No {
    let at = Timestamp::from_second(1_700_000_000 + second).unwrap();
    No {
        sender: "demo-shop".to_owned(),
        person: LookupHash([person; 32]),
        subscriber: Uuid::from_u128(u128::from(person)),
        event: Event {
            id: Uuid::from_u128(id),
            kind,
            occurred_at: at,
            recorded_at: at,
            channel: "page".to_owned(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        },
    }
}

fn withdrawal(scopes: &[&str]) -> EventKind {
    EventKind::Withdrawal {
        scopes: scopes.iter().map(|one| one.parse().unwrap()).collect(),
        complaint: false,
    }
}

fn some(count: u128) -> Vec<No> {
    (1..=count).map(|id| no(1, id, id as i64, withdrawal(&["apparel"]))).collect()
}

fn numbers(journal: &Journal, after: u64) -> Vec<u64> {
    journal.after(after).unwrap().map(|own| own.unwrap().seq).collect()
}

fn first_segment(folder: &Path) -> PathBuf {
    folder.join("00000001.noes")
}

#[test]
fn what_was_written_is_read_again_by_whoever_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let noes = some(3);
    assert_eq!(journal.append(&noes[..2], 0).unwrap(), (1, 2));
    // Another process writes in between.
    let other = Journal::open(folder.path()).unwrap();
    assert_eq!(other.append(&noes[2..], 0).unwrap(), (3, 3));
    assert_eq!(journal.last(), 2);
    assert_eq!(journal.refreshed().unwrap(), 3);
    assert_eq!(journal.append(&[no(2, 9, 9, EventKind::Erased)], 0).unwrap(), (4, 4));
    let read: Vec<No> = journal.after(1).unwrap().map(|own| own.unwrap().no).collect();
    assert_eq!(read[..2], noes[1..]);
    assert_eq!(read[2].event.kind, EventKind::Erased);
    let mode = fs::metadata(first_segment(folder.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_noes_of_a_transaction_that_is_tried_again_are_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let noes = some(2);
    assert_eq!(journal.append(&noes, 0).unwrap(), (1, 2));
    assert_eq!(journal.append(&noes, 0).unwrap(), (1, 2));
    assert_eq!(numbers(&journal, 0), [1, 2]);
}

#[test]
fn a_transaction_that_is_tried_again_in_parts_finds_each_of_its_noes() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let noes = some(5);
    assert_eq!(journal.append(&noes[..4], 0).unwrap(), (1, 4));
    assert_eq!(journal.append(&noes[..1], 0).unwrap(), (1, 1));
    // What another process writes meanwhile changes nothing.
    Journal::open(folder.path()).unwrap().append(&noes[4..], 0).unwrap();
    assert_eq!(journal.append(&noes[1..3], 1).unwrap(), (2, 3));
    assert_eq!(journal.append(&noes[3..4], 3).unwrap(), (4, 4));
    assert_eq!(numbers(&journal, 0), [1, 2, 3, 4, 5]);
}

#[test]
fn numbers_go_on_from_where_the_database_is() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.append(&some(1), 40).unwrap(), (41, 41));
    assert_eq!(Journal::open(folder.path()).unwrap().last(), 41);
}

#[test]
fn a_torn_tail_is_cut_wherever_it_was_torn() {
    let noes = some(3);
    let folder = tempfile::tempdir().unwrap();
    let path = first_segment(folder.path());
    let journal = Journal::open(folder.path()).unwrap();
    journal.append(&noes[..1], 0).unwrap();
    let one = fs::read(&path).unwrap();
    journal.append(&noes[1..2], 0).unwrap();
    let two = fs::read(&path).unwrap();
    drop(journal);
    for length in one.len() + 1..two.len() {
        fs::write(&path, &two[..length]).unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!((journal.last(), fs::read(&path).unwrap().len()), (1, one.len()), "{length}");
        assert_eq!(journal.append(&noes[2..], 0).unwrap(), (2, 2));
        assert_eq!(numbers(&journal, 0), [1, 2]);
    }
    // Blocks that never reached the disk are zeros.
    let mut zeros = one.clone();
    zeros.resize(two.len(), 0);
    fs::write(&path, zeros).unwrap();
    assert_eq!(Journal::open(folder.path()).unwrap().last(), 1);
}

#[test]
fn damage_in_the_middle_is_an_error_that_names_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = first_segment(folder.path());
    let journal = Journal::open(folder.path()).unwrap();
    let begin = fs::read(&path).unwrap().len();
    some(3).chunks(1).for_each(|one| assert!(journal.append(one, 0).is_ok()));
    let mut octets = fs::read(&path).unwrap();
    octets[begin + 40] ^= 1;
    fs::write(&path, &octets).unwrap();
    let error = Journal::open(folder.path()).err().unwrap();
    assert!(matches!(error, JournalError::Damaged { offset, .. } if offset == begin as u64), "{error}");
    assert!(error.to_string().contains(&format!("at octet {begin}")), "{error}");
    let error = journal.after(0).unwrap().find_map(Result::err).unwrap();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    set_aside(folder.path()).unwrap();
    assert_eq!(Journal::open(folder.path()).unwrap().last(), 0);
}

#[test]
fn a_segment_is_closed_when_it_is_full_and_old_ones_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let mut written = 0;
    while Segment::all(folder.path()).unwrap().len() < 3 {
        let noes: Vec<No> = (0..2_000).map(|n| no(1, written + n, 0, EventKind::Restricted)).collect();
        written += noes.len() as u128;
        journal.append(&noes, 0).unwrap();
    }
    let all = written as u64;
    assert_eq!(numbers(&journal, 0).len() as u64, all);
    // The first may even be damaged.
    fs::write(first_segment(folder.path()), "rubbish").unwrap();
    assert_eq!(numbers(&journal, all - 5), (all - 4..=all).collect::<Vec<_>>());
    assert_eq!(Journal::open(folder.path()).unwrap().last(), all);
}

#[test]
fn compaction_keeps_the_youngest_of_each_person_and_scope() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let complaint = EventKind::Withdrawal { scopes: vec![], complaint: true };
    let noes = [
        no(1, 1, 10, withdrawal(&["apparel", "furniture"])),
        no(1, 2, 20, withdrawal(&["apparel"])),
        no(1, 3, 30, withdrawal(&[])),
        no(2, 4, 10, withdrawal(&["apparel"])),
        no(1, 5, 40, withdrawal(&[])),
        no(1, 6, 41, complaint.clone()),
        // Told late: an older one that came after.
        no(2, 7, 5, withdrawal(&["apparel"])),
        no(2, 8, 6, withdrawal(&["apparel"])),
        no(3, 9, 50, EventKind::Erased),
        no(3, 10, 60, EventKind::Erased),
        no(1, 11, 70, complaint),
    ];
    journal.append(&noes, 0).unwrap();
    journal.tail().roll(folder.path()).unwrap();
    journal.append(&[no(4, 12, 80, EventKind::Restricted)], 0).unwrap();
    let closed = Segment::all(folder.path()).unwrap();
    compaction::squeeze(folder.path(), &closed[..1]).unwrap();
    // 3 and 6 are repeated by 5 and 11; 7 by 8; 9 by 10. 1 still is the only one about furniture.
    assert_eq!(numbers(&journal, 0), [1, 2, 4, 5, 8, 10, 11, 12]);
    assert_eq!(Journal::open(folder.path()).unwrap().last(), 12);
    assert_eq!(journal.compact().unwrap(), 0, "not worth it yet");
}

#[test]
fn compaction_keeps_what_two_people_said_under_one_address() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    // Whoever left the address said it before; what stands there since says it again.
    let own = no(1, 1, 10, withdrawal(&[]));
    let left = No { subscriber: Uuid::from_u128(77), ..no(1, 2, 20, withdrawal(&[])) };
    let again = No { subscriber: Uuid::from_u128(77), ..no(1, 3, 30, withdrawal(&[])) };
    journal.append(&[own, left, again], 0).unwrap();
    journal.tail().roll(folder.path()).unwrap();
    journal.append(&[no(4, 4, 80, EventKind::Restricted)], 0).unwrap();
    let closed = Segment::all(folder.path()).unwrap();
    compaction::squeeze(folder.path(), &closed[..1]).unwrap();
    assert_eq!(numbers(&journal, 0), [1, 3, 4]);
}

#[test]
fn damage_in_a_closed_segment_is_found_by_verifying_and_compaction_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    for noes in some(3).chunks(1) {
        journal.append(noes, 0).unwrap();
        journal.tail().roll(folder.path()).unwrap();
    }
    assert_eq!(journal.verify().unwrap(), 3);
    let closed = Segment::all(folder.path()).unwrap()[..3].to_vec();
    let whole = fs::read(&closed[1].path).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() = b'!';
    fs::write(&closed[1].path, damaged).unwrap();
    assert_eq!(Journal::open(folder.path()).unwrap().last(), 3, "only the last segment is read at start");
    assert!(matches!(journal.verify(), Err(JournalError::Damaged { .. })));
    assert!(matches!(compaction::squeeze(folder.path(), &closed), Err(JournalError::Damaged { .. })));
    fs::remove_file(&closed[1].path).unwrap();
    let refused = compaction::squeeze(folder.path(), &closed);
    assert!(matches!(refused, Err(JournalError::Io { .. })), "{refused:?}");
    fs::write(&closed[1].path, whole).unwrap();
    assert_eq!(numbers(&journal, 0), [1, 2, 3]);
}
