//! What webhooks need of the store: tokens that are good for one event, and copies that are found by Message-ID.

use std::time::Duration;

use optgate::store::Token;

use super::support::{Home, SENDER, address};

rules! {
    a_webhooks_token_is_good_for_one_event_on_every_node,
    old_tokens_are_forgotten,
    a_copy_is_found_by_message_id_and_recipient,
}

async fn a_webhooks_token_is_good_for_one_event_on_every_node(home: &Home) {
    let other = home.another_node().await;
    for round in 0..10 {
        let token = format!("token-of-anna-{round}");
        let (here, there) = tokio::join!(
            home.store.take_token("feed", &token, "one"),
            other.take_token("feed", &token, "two")
        );
        let mut both = [here.unwrap(), there.unwrap()];
        both.sort_by_key(|token| *token == Token::Used);
        assert_eq!(both, [Token::Good, Token::Used], "one of them was first");
    }
    assert_eq!(home.store.take_token("feed", "again", "one").await.unwrap(), Token::Good);
    let restarted = home.restarted().await;
    assert_eq!(restarted.take_token("feed", "again", "one").await.unwrap(), Token::Good, "a repeat");
    assert_eq!(restarted.take_token("feed", "again", "two").await.unwrap(), Token::Used);
    assert_eq!(
        restarted.take_token("other", "again", "two").await.unwrap(),
        Token::Good,
        "another account's"
    );
    let everything = home.everything().await;
    assert!(!everything.windows(13).any(|window| window == b"token-of-anna"), "kept as an HMAC alone");
}

async fn old_tokens_are_forgotten(home: &Home) {
    home.store.take_token("feed", "token", "one").await.unwrap();
    home.advance(Duration::from_secs(72 * 3_600 - 1)).await;
    assert_eq!(home.store.purge_tokens().await.unwrap(), 0);
    home.advance(Duration::from_secs(1)).await;
    assert_eq!(home.store.purge_tokens().await.unwrap(), 1);
}

async fn a_copy_is_found_by_message_id_and_recipient(home: &Home) {
    let (anna, bert) = (home.delivery("anna@example.se"), home.delivery("bert@example.se"));
    let mut message = home.message(&[anna.clone(), bert.clone()]);
    message.message_id = Some("<of-anna-42@shop.example>".to_owned());
    let without = home.message(&[home.delivery("anna@example.se")]);
    let (given, copy) = (format!("{}@gateway.example", without.id), without.deliveries[0].id);
    home.store.spool(vec![message, without]).await.unwrap();
    let find = async |sender: &str, who: &str, id: &str| {
        home.store.copy_by_message_id(sender, &address(who), id).await.unwrap()
    };
    let id = "of-anna-42@shop.example";
    assert_eq!(find(SENDER, "anna@example.se", id).await, Some(anna.id));
    assert_eq!(find(SENDER, "bert@example.se", id).await, Some(bert.id));
    assert_eq!(find(SENDER, "anna@example.se", &given).await, Some(copy), "one that the gateway gave");
    assert_eq!(find(SENDER, "carl@example.se", id).await, None);
    assert_eq!(find("another", "anna@example.se", id).await, None);
    assert_eq!(find(SENDER, "anna@example.se", "other@shop.example").await, None);
    assert_eq!(find(SENDER, "anna@example.se", "").await, None);
    // The body is sealed, and of the header only a hash is kept in clear.
    let everything = home.everything().await;
    assert!(!everything.windows(10).any(|window| window == b"of-anna-42"));
}
