//! What became of a campaign, and which hosts in it no policy knows.

use std::time::Duration;

use optgate::policy::{Facts, Tracking};
use optgate::spool::{Outcome, Settlement, State};
use optgate::store::{Copies, HostOf, MOST_HOSTS, NewMessage, Settle, Tracked, UnknownHost};

use super::support::{Home, SENDER, ask, facts, settle};

rules! {
    a_campaign_is_counted_by_what_became_of_its_deliveries_and_of_tracking,
    unknown_hosts_are_kept_once_with_the_first_message_and_the_oldest_stay,
    i15_a_campaign_is_its_senders_alone,
    a_campaign_that_nothing_comes_in_is_forgotten_after_months,
}

const AUTUMN: &str = "autumn";

/// A message of the campaign to these.
fn message(home: &Home, recipients: &[&str], hosts: &[(HostOf, &str)]) -> NewMessage {
    let mut deliveries: Vec<_> = recipients.iter().map(|one| home.delivery(one)).collect();
    deliveries.iter_mut().for_each(|one| one.lane.campaign = AUTUMN.to_owned());
    let unknown_hosts =
        hosts.iter().map(|(of, host)| UnknownHost { of: *of, host: (*host).to_owned() }).collect();
    let facts = Some(Facts { campaign: Some(AUTUMN.to_owned()), ..facts() });
    NewMessage { facts, unknown_hosts, ..home.message(&deliveries) }
}

/// Relays all that wait in the first lane, each with this.
async fn relay(home: &Home, tracked: &[Tracked]) {
    let want = u32::try_from(tracked.len()).unwrap();
    let claims = home.store.claim(&ask(home.lane_id().await, want)).await.unwrap().claims;
    assert_eq!(claims.len(), tracked.len());
    for (claim, tracked) in claims.into_iter().zip(tracked) {
        let settle = settle(claim.fence, Settlement::End(Outcome::Relayed));
        home.store.settle(Settle { tracked: Some(*tracked), ..settle }).await.unwrap();
    }
}

async fn a_campaign_is_counted_by_what_became_of_its_deliveries_and_of_tracking(home: &Home) {
    assert!(home.store.campaign(SENDER, AUTUMN).await.unwrap().is_none());
    let all = ["a@example.se", "b@example.se", "c@example.se"];
    home.store.spool(vec![message(home, &all, &[])]).await.unwrap();
    home.store.spool(vec![message(home, &["d@example.se"], &[])]).await.unwrap();
    let out = |pixels, links, opaque| Tracked { tracking: Tracking::TakenOut, pixels, links, opaque };
    let kept = Tracked { tracking: Tracking::Kept, pixels: 0, links: 0, opaque: 0 };
    relay(home, &[out(1, 2, 3), out(10, 20, 30), kept]).await;
    let view = home.store.campaign(SENDER, AUTUMN).await.unwrap().unwrap();
    assert_eq!(view.messages, 2);
    assert!(view.first_at.is_some() && view.hosts.is_empty());
    let mut deliveries = view.deliveries.clone();
    deliveries.sort_by_key(|(state, _)| state.as_str());
    assert_eq!(deliveries, [(State::Queued, 1), (State::Ended(Outcome::Relayed), 3)]);
    let copies = |tracking, copies, pixels, links, opaque| Copies { tracking, copies, pixels, links, opaque };
    let expected = [copies(Tracking::Kept, 1, 0, 0, 0), copies(Tracking::TakenOut, 2, 11, 22, 33)];
    assert_eq!(view.copies, expected);
    // What is in a worker's hand is queued, as everywhere.
    home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap();
    assert_eq!(home.store.campaign(SENDER, AUTUMN).await.unwrap().unwrap().deliveries, view.deliveries);
    let listed = home.store.campaigns(SENDER).await.unwrap();
    assert_eq!(
        listed.iter().map(|own| (own.campaign.as_str(), own.messages)).collect::<Vec<_>>(),
        [(AUTUMN, 2)]
    );
}

async fn unknown_hosts_are_kept_once_with_the_first_message_and_the_oldest_stay(home: &Home) {
    let first =
        message(home, &["a@example.se"], &[(HostOf::Pixel, "t.example"), (HostOf::Link, "t.example")]);
    let id = first.id;
    home.store.spool(vec![first]).await.unwrap();
    home.advance(Duration::from_secs(60)).await;
    home.store.spool(vec![message(home, &["b@example.se"], &[(HostOf::Pixel, "t.example")])]).await.unwrap();
    let hosts = || async { home.store.campaign(SENDER, AUTUMN).await.unwrap().unwrap().hosts };
    let seen = hosts().await;
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|own| own.host == "t.example" && own.message == id), "{seen:?}");
    // A day later it is looked at anew, and nothing changes.
    home.advance(Duration::from_secs(86_400)).await;
    let names: Vec<String> = (0..MOST_HOSTS).map(|number| format!("h{number}.example")).collect();
    let many: Vec<(HostOf, &str)> = names.iter().map(|name| (HostOf::Link, name.as_str())).collect();
    home.store.spool(vec![message(home, &["c@example.se"], &many)]).await.unwrap();
    let all = hosts().await;
    assert_eq!(all.len(), MOST_HOSTS);
    assert_eq!(all[..2], seen, "the oldest stay");
    let late = [(HostOf::Pixel, "late.example"), (HostOf::Pixel, "t.example")];
    home.store.spool(vec![message(home, &["d@example.se"], &late)]).await.unwrap();
    assert_eq!(hosts().await, all);
}

async fn i15_a_campaign_is_its_senders_alone(home: &Home) {
    home.store.spool(vec![message(home, &["a@example.se"], &[(HostOf::Pixel, "t.example")])]).await.unwrap();
    assert!(home.store.campaign("other-shop", AUTUMN).await.unwrap().is_none());
    assert!(home.store.campaigns("other-shop").await.unwrap().is_empty());
    assert!(home.store.campaign(SENDER, "winter").await.unwrap().is_none());
}

async fn a_campaign_that_nothing_comes_in_is_forgotten_after_months(home: &Home) {
    let host = [(HostOf::Pixel, "t.example")];
    home.store.spool(vec![message(home, &["a@example.se"], &host)]).await.unwrap();
    home.advance(Duration::from_secs(89 * 86_400)).await;
    assert_eq!(home.store.forget_old_campaigns().await.unwrap(), 0);
    home.advance(Duration::from_secs(2 * 86_400)).await;
    assert_eq!(home.store.forget_old_campaigns().await.unwrap(), 1);
    assert_eq!(home.count("SELECT count(*) FROM campaign_hosts").await, 0);
    assert!(home.store.campaigns(SENDER).await.unwrap().is_empty());
    // One that comes back is counted from there on, its hosts too.
    home.store.spool(vec![message(home, &["b@example.se"], &host)]).await.unwrap();
    let view = home.store.campaign(SENDER, AUTUMN).await.unwrap().unwrap();
    assert_eq!((view.messages, view.hosts.len()), (1, 1));
}
