//! Calls that are done once: the answer is kept with the fact, on every node, and holds nothing in clear.

use std::sync::Arc;
use std::time::Duration;

use optgate::store::{Answer, CallKey, MakeAnswer, RecordError, Recorded, Repeated, Store};

use super::support::{Home, SENDER, withdrawal};

rules! {
    the_same_call_on_two_nodes_is_done_once,
    i12_neither_key_nor_request_nor_answer_is_kept_in_clear,
    old_answers_are_forgotten_in_slices,
}

fn answer() -> MakeAnswer {
    Arc::new(|recorded: Result<&Recorded, &RecordError>| {
        let event = recorded.map_or_else(|why| why.to_string(), |recorded| recorded.event.to_string());
        Answer { status: 201, body: format!("recorded for anna: {event}").into_bytes() }
    })
}

async fn write(home: &Home, store: &Store, key: CallKey, who: &str) -> Result<Recorded, RecordError> {
    store.record_once(home.fact(who, withdrawal()), key, answer()).await
}

async fn the_same_call_on_two_nodes_is_done_once(home: &Home) {
    let other = home.another_node().await;
    for round in 0..20 {
        let key = home.store.call_key(&[b"call", &[round]], b"body");
        let who = format!("p{round}@example.se");
        let (here, there) = tokio::join!(write(home, &home.store, key, &who), write(home, &other, key, &who));
        let (done, repeated) = match (here, there) {
            (Ok(done), Err(RecordError::Repeated(repeated))) => (done, repeated),
            (Err(RecordError::Repeated(repeated)), Ok(done)) => (done, repeated),
            other => panic!("{other:?}"),
        };
        let expected = Repeated::Answered(answer()(Ok(&done)));
        assert_eq!(repeated, expected, "the other one hears of it");
        assert_eq!(home.store.answered(key).await.unwrap(), Some(expected));
        assert_eq!(home.store.history(SENDER, done.subscriber.id).await.unwrap().len(), 1);
    }
    let key = home.store.call_key(&[b"call", &[0]], b"another body");
    let refused = write(home, &other, key, "other@example.se").await;
    assert!(matches!(refused, Err(RecordError::Repeated(Repeated::OtherRequest))), "{refused:?}");
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 20);
}

async fn i12_neither_key_nor_request_nor_answer_is_kept_in_clear(home: &Home) {
    let key = home.store.call_key(&[b"key-of-anna-42"], b"request-of-anna-42");
    write(home, &home.store, key, "anna@example.se").await.unwrap();
    home.store
        .keep_answer(home.store.call_key(&[b"b"], b""), &Answer { status: 204, body: Vec::new() })
        .await
        .unwrap();
    let everything = home.everything().await;
    for secret in ["of-anna-42", "recorded for anna", "anna@example.se"] {
        let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        for secret in [secret.as_bytes(), hex.as_bytes()] {
            assert!(!everything.windows(secret.len()).any(|window| window == secret), "{secret:?}");
        }
    }
}

async fn old_answers_are_forgotten_in_slices(home: &Home) {
    let done = Answer { status: 204, body: Vec::new() };
    for number in 0..501_u32 {
        let key = home.store.call_key(&[&number.to_be_bytes()], b"");
        home.store.keep_answer(key, &done).await.unwrap();
    }
    home.advance(Duration::from_secs(86_399)).await;
    assert_eq!(home.store.purge_answers().await.unwrap(), 0);
    home.advance(Duration::from_secs(1)).await;
    let mut slices = Vec::new();
    for _ in 0..3 {
        slices.push(home.store.purge_answers().await.unwrap());
    }
    assert_eq!(slices, [500, 1, 0]);
}
