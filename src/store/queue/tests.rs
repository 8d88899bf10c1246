//! How SQLite goes about what every turn of the dispatcher asks, and about one message: step by step through an
//! index, and never by all rows or by sorting them. (On PostgreSQL a journey counts the rows that were looked at.)

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use uuid::Uuid;

use super::super::claim::{DUE, EXPIRED};
use super::super::page::{PageFilter, window};
use super::super::shown::{OF_MESSAGE, SELECT};
use super::STEP;

/// The steps that concern the queue's rows.
async fn plan(statement: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let schema = include_str!("../../../migrations/sqlite/0001_first.sql");
    sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(explain).fetch_all(&mut connection).await.unwrap();
    let concerns =
        |step: &String| step.contains(" d ") || step.contains("deliveries") || step.contains("B-TREE");
    steps.into_iter().map(|(_, _, _, step)| step).filter(concerns).collect()
}

#[tokio::test]
async fn lanes_are_found_by_steps_through_the_index_of_what_is_due() {
    let steps = plan(STEP).await;
    let (rows, sorts): (Vec<_>, Vec<_>) = steps.iter().partition(|step| !step.contains("B-TREE"));
    assert_eq!(rows.len(), 3, "{steps:?}");
    for step in rows {
        assert!(step.starts_with("SEARCH d USING") && step.contains("deliveries_due (lane"), "{steps:?}");
    }
    // The steps themselves, of which there are never more than the limit.
    assert!(sorts.len() <= 1, "{steps:?}");
}

#[tokio::test]
async fn a_claim_looks_at_no_row_that_it_does_not_take() {
    for (statement, index) in [
        (DUE.0, "deliveries_due (lane=? AND next_attempt_at<?)"),
        (EXPIRED.0, "deliveries_by_deadline (deadline<?)"),
    ] {
        let steps = plan(statement).await;
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
        assert!(steps.iter().any(|step| step.contains(index)), "{steps:?}");
    }
}

#[tokio::test]
async fn a_message_is_looked_up_by_its_own_rows_and_not_by_all_of_its_sender() {
    let page = PageFilter { message: Some(Uuid::nil()), ..PageFilter::default() };
    for statement in [format!("{SELECT}{OF_MESSAGE}"), window("id", "shop", &page, Uuid::nil()).0] {
        let steps = plan(&statement).await;
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert!(steps[0].starts_with("SEARCH d USING INDEX deliveries_of_message (message=?"), "{steps:?}");
    }
}
