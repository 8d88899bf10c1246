//! Policy sets are kept for the decisions that cite them.

use super::support::Home;

rules!(a_set_is_kept_once_and_given_back_whole, a_text_is_kept_once_whatever_cites_it);

fn files(texts: &[(&str, &str)]) -> Vec<(String, String)> {
    texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

async fn count(home: &Home, table: &str) -> i64 {
    home.count(&format!("SELECT count(*) FROM {table}")).await
}

async fn a_set_is_kept_once_and_given_back_whole(home: &Home) {
    let set = files(&[("senders/a.toml", "id = \"a\"\n"), ("shipped:jurisdictions/unknown.toml", "# Ü\r\n")]);
    assert!(home.store.policy_set("h1").await.unwrap().is_none());
    let other = home.another_node().await;
    // Two nodes start at the same moment.
    let (one, two) = tokio::join!(home.store.keep_policy_set("h1", &set), other.keep_policy_set("h1", &set));
    one.unwrap();
    two.unwrap();
    home.store.keep_policy_set("h1", &set).await.unwrap();
    assert_eq!(home.store.policy_set("h1").await.unwrap().unwrap(), set);
    assert_eq!((count(home, "policy_sets").await, count(home, "policy_files").await), (1, 2));
}

async fn a_text_is_kept_once_whatever_cites_it(home: &Home) {
    let many: Vec<(String, String)> = (0..300)
        .map(|number| (format!("senders/{number}.toml"), format!("id = \"{}\"\n", number / 2)))
        .collect();
    home.store.keep_policy_set("h1", &many).await.unwrap();
    let mut changed = many.clone();
    changed[7].1 = "id = \"changed\"\n".to_owned();
    home.store.keep_policy_set("h2", &changed).await.unwrap();
    assert_eq!(home.store.policy_set("h1").await.unwrap().unwrap(), many);
    assert_eq!(home.store.policy_set("h2").await.unwrap().unwrap(), changed);
    assert_eq!(count(home, "policy_files").await, 151);
    home.sql("DELETE FROM policy_files").await;
    let gone = home.store.policy_set("h1").await;
    assert!(matches!(gone, Err(optgate::store::StoreError::Unreadable(_))), "half a set is none: {gone:?}");
}
