//! What came back: remembered once, counted for the brakes, told to followers, and gone with its delivery.

use std::time::Duration;

use jiff::SignedDuration;
use optgate::policy::bounce::Class;
use optgate::policy::brake::Counted;
use optgate::policy::pause::{By, Pause, Target, Whose};
use optgate::spool::{Outcome, Settlement};
use optgate::store::{CameBack, Happened, SentCopy, What};
use uuid::Uuid;

use super::support::{Home, SENDER, ask, settle};

rules! {
    what_came_back_is_remembered_once_however_often_it_is_told,
    brakes_count_what_left_and_came_back_within_their_window_over_all_nodes,
    a_pause_that_was_ended_is_judged_by_what_came_since,
    what_came_back_goes_with_its_delivery,
    soft_ones_count_for_the_address_and_never_the_copy_itself,
}

const HARD: CameBack = CameBack::Bounced(Class::Hard);
const SOFT: CameBack = CameBack::Bounced(Class::Soft);
const DAY: Duration = Duration::from_secs(86_400);

/// Copies that were relayed.
async fn relayed(home: &Home, recipients: &[&str]) -> Vec<SentCopy> {
    let ids = home.spool_to(recipients).await;
    let claims = home.store.claim(&ask(home.lane_id().await, 1_000)).await.unwrap().claims;
    assert_eq!(claims.len(), recipients.len());
    for claim in claims {
        home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    }
    let mut copies = Vec::new();
    for id in ids {
        copies.push(home.store.sent_copy(id).await.unwrap().expect("it left"));
    }
    copies
}

async fn counted(home: &Home, target: &Target) -> Counted {
    home.store.counted(target, SignedDuration::from_hours(24)).await.unwrap()
}

async fn what_came_back_is_remembered_once_however_often_it_is_told(home: &Home) {
    let copy = relayed(home, &["anna@example.se"]).await.remove(0);
    assert_eq!(copy.recipient.as_ref().unwrap().to_string(), "anna@example.se");
    assert!(!home.store.came_back_before(copy.delivery, HARD).await.unwrap());
    for time in 1..=3 {
        assert_eq!(home.store.remember_return(&copy, HARD, "550 gone").await.unwrap(), time);
    }
    assert!(home.store.came_back_before(copy.delivery, HARD).await.unwrap());
    assert!(!home.store.came_back_before(copy.delivery, CameBack::Complaint).await.unwrap());
    home.store.sequence().await.unwrap();
    let entries = home.store.feed(SENDER, None, 100).await.unwrap().entries;
    let told: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Incident(incident) => Some(incident.what.clone()),
            _ => None,
        })
        .collect();
    let [Happened::Bounced { delivery, class, response, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*delivery, class.as_str(), response.as_str()), (copy.delivery, "hard", "550 gone"));
    assert!(home.store.sent_copy(Uuid::from_u128(7)).await.unwrap().is_none());
}

async fn brakes_count_what_left_and_came_back_within_their_window_over_all_nodes(home: &Home) {
    let sender = Target::Sender(SENDER.to_owned());
    let old = relayed(home, &["old@example.se"]).await.remove(0);
    home.store.remember_return(&old, HARD, "").await.unwrap();
    home.advance(2 * DAY).await;
    let copies = relayed(home, &["a@example.se", "b@example.se", "c@example.se", "d@example.se"]).await;
    let other = home.another_node().await;
    home.store.remember_return(&copies[0], HARD, "").await.unwrap();
    other.remember_return(&copies[1], CameBack::Bounced(Class::SpamBlock), "").await.unwrap();
    other.remember_return(&copies[1], CameBack::Complaint, "").await.unwrap();
    // A mailbox that was full says nothing of the mail.
    other.remember_return(&copies[2], SOFT, "").await.unwrap();
    other.close().await;
    let expected = Counted { relayed: 4, bounced: 2, complained: 1 };
    assert_eq!(counted(home, &sender).await, expected);
    let campaign = |name: &str| Target::Campaign(SENDER.to_owned(), name.to_owned());
    let lane = copies[0].lane.clone().unwrap();
    assert_eq!(counted(home, &campaign(&lane.campaign)).await, expected);
    assert_eq!(counted(home, &campaign("another")).await, Counted::default());
    // A domain of its own is no group.
    assert_eq!(counted(home, &Target::Provider("example.se".to_owned())).await, Counted::default());
    home.advance(40 * DAY).await;
    assert!(home.store.forget_tallies().await.unwrap() > 0);
    assert_eq!(home.count("SELECT count(*) FROM tallies").await, 0);
}

async fn a_pause_that_was_ended_is_judged_by_what_came_since(home: &Home) {
    let target = Target::Sender(SENDER.to_owned());
    let copy = relayed(home, &["anna@example.se"]).await.remove(0);
    home.store.remember_return(&copy, CameBack::Complaint, "").await.unwrap();
    let (whose, by, since) = (Whose::Weakest, By::Brake, home.clock.now());
    let weakened = Pause { target: target.clone(), whose, by, cause: "1 of 1".to_owned(), since };
    assert!(home.store.pause(&weakened).await.unwrap());
    assert!(!home.store.pause(&weakened).await.unwrap());
    assert!(home.store.pause(&Pause { whose: Whose::Everybodys, ..weakened.clone() }).await.unwrap());
    assert!(home.store.resume(&target).await.unwrap());
    assert_eq!(counted(home, &target).await, Counted::default());
    home.advance(Duration::from_secs(1_200)).await;
    let next = relayed(home, &["bo@example.se"]).await.remove(0);
    home.store.remember_return(&next, CameBack::Complaint, "").await.unwrap();
    assert_eq!(counted(home, &target).await, Counted { relayed: 1, bounced: 0, complained: 1 });
    home.store.sequence().await.unwrap();
    let entries = home.store.feed(SENDER, None, 100).await.unwrap().entries;
    let paused = |entry: &&optgate::store::FeedEntry| match &entry.what {
        What::Incident(incident) => {
            matches!(incident.what, Happened::MarketingPaused { .. } | Happened::MarketingResumed { .. })
        }
        _ => false,
    };
    assert_eq!(entries.iter().filter(paused).count(), 3, "paused, paused more, resumed");
}

async fn what_came_back_goes_with_its_delivery(home: &Home) {
    let copy = relayed(home, &["anna@example.se"]).await.remove(0);
    home.store.remember_return(&copy, HARD, "").await.unwrap();
    home.store.sequence().await.unwrap();
    home.advance(DAY).await;
    assert_eq!(home.store.remove_outcomes(SENDER, home.clock.now(), 100).await.unwrap().outcomes, 1);
    for table in ["deliveries", "returns", "incidents", "feed"] {
        assert_eq!(home.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

async fn soft_ones_count_for_the_address_and_never_the_copy_itself(home: &Home) {
    let copies = relayed(home, &["anna@example.se", "anna@example.se", "bo@example.se"]).await;
    let month_ago = home.in_seconds(-30 * 86_400);
    let softly = async |copy: &SentCopy| home.store.came_back_softly(copy, month_ago).await.unwrap();
    for copy in &copies {
        home.store.remember_return(copy, SOFT, "").await.unwrap();
    }
    assert_eq!((softly(&copies[0]).await, softly(&copies[2]).await), (1, 0));
    let later = home.in_seconds(60);
    assert_eq!(home.store.came_back_softly(&copies[0], later).await.unwrap(), 0);
}
