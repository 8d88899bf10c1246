//! Whether the database takes writes: asked by many, found out once at a time, and answered in bounded time
//! whatever the database does. Never breaks a question off because who asked it went away.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::database::Commit;
use super::sql::values;
use super::{Store, StoreError};

/// How long an answer is waited for: less than any health check's patience. A database that takes longer is of no
/// use to a tool either.
const WITHIN: Duration = Duration::from_secs(2);
/// How long a question may be under way: longer than a lock is waited for.
const GIVEN_UP: Duration = Duration::from_secs(30);

type Answer = Result<(), StoreError>;

/// The question that is under way, if one is.
#[derive(Debug)]
pub(super) struct Pulse {
    within: Duration,
    asked: Mutex<Option<Asked>>,
}

#[derive(Clone, Debug)]
struct Asked {
    since: Instant,
    answer: watch::Receiver<Option<Answer>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { within: WITHIN, asked: Mutex::default() }
    }
}

impl Pulse {
    /// The answer to the question that is under way, else to this one.
    async fn take<Q>(&self, question: impl FnOnce() -> Q) -> Answer
    where
        Q: Future<Output = Answer> + Send + 'static,
    {
        let Asked { since, mut answer } = self.asked(question);
        match timeout_at(since + self.within, answer.wait_for(Option::is_some)).await {
            Ok(Ok(answer)) => (*answer).clone().unwrap_or_else(|| Err(silent())),
            Ok(Err(_)) | Err(_) => Err(silent()),
        }
    }

    fn asked<Q>(&self, question: impl FnOnce() -> Q) -> Asked
    where
        Q: Future<Output = Answer> + Send + 'static,
    {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = asked.as_ref().filter(|asked| asked.is_under_way()) {
            return asked.clone();
        }
        let (tell, answer) = watch::channel(None);
        let question = question();
        tokio::spawn(async move {
            let answer = timeout(GIVEN_UP, question).await.unwrap_or_else(|_| Err(silent()));
            tell.send_replace(Some(answer));
        });
        asked.insert(Asked { since: Instant::now(), answer }).clone()
    }
}

impl Asked {
    /// Neither answered nor lost to a panic.
    fn is_under_way(&self) -> bool {
        self.answer.has_changed().is_ok() && self.answer.borrow().is_none()
    }
}

fn silent() -> StoreError {
    StoreError::Unavailable("not in time".into())
}

impl Store {
    /// That a write would succeed now; answered within two seconds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if self.inner.writer.is_closed() {
            return Err(StoreError::Unavailable("it is shutting down".into()));
        }
        self.inner.pulse.take(|| self.clone().write_now()).await
    }

    /// Each node has a row of its own, so that one that hangs over it makes no other unready.
    async fn write_now(self) -> Result<(), StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let touch = "INSERT INTO meta (name, value) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let (name, now) = (format!("ping {}", self.inner.node), tx.now().await?);
        tx.execute(touch, values![name, now.to_string()]).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_database_that_is_silent_is_asked_once_and_nobody_waits_for_it() {
        let pulse = Pulse { within: Duration::ZERO, asked: Mutex::default() };
        let (asked, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let question = || {
            let (asked, answers) = (asked.clone(), answers.clone());
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                answers.acquire().await.unwrap().forget();
                Ok(())
            }
        };
        for _ in 0..3 {
            assert!(matches!(pulse.take(question).await, Err(StoreError::Unavailable(_))));
            tokio::task::yield_now().await;
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        answers.add_permits(1);
        while pulse.asked.lock().unwrap().as_ref().is_some_and(Asked::is_under_way) {
            tokio::task::yield_now().await;
        }
        let patient = Pulse::default();
        answers.add_permits(2);
        assert!(patient.take(question).await.is_ok());
        assert!(patient.take(question).await.is_ok(), "an answer is not given twice");
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    async fn broken() -> Answer {
        panic!("as a test")
    }

    #[tokio::test]
    async fn a_question_that_panics_is_asked_again() {
        let pulse = Pulse::default();
        assert!(matches!(pulse.take(broken).await, Err(StoreError::Unavailable(_))));
        assert!(pulse.take(|| async { Ok(()) }).await.is_ok());
    }
}
