//! A fresh database for each test: a SQLite file, or a database on the cluster that `tests/run` started.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use optgate::clock::Clock;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database of this test alone, and the folder beside it.
pub struct Database {
    pub kind: Kind,
    pub url: String,
    folder: TempDir,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("optgate.db").display());
        Self { kind: Kind::Sqlite, url, folder }
    }

    /// `None`, with a note, where there is no cluster; in CI there has to be one.
    pub async fn postgres() -> Option<Self> {
        let Ok(maintenance) = std::env::var("OPTGATE_TEST_POSTGRES") else {
            assert!(std::env::var_os("CI").is_none(), "CI runs every rule on PostgreSQL too");
            eprintln!("no OPTGATE_TEST_POSTGRES: not run on PostgreSQL (tests/run starts one)");
            return None;
        };
        let name = format!("journey_{}", uuid::Uuid::new_v4().simple());
        let mut connection = PgConnection::connect(&maintenance).await.expect("the cluster answers");
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .expect("a fresh database");
        let (server, _) = maintenance.rsplit_once('/').expect("the URL ends in a database");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Some(Self { kind: Kind::Postgres, url: format!("{server}/{name}"), folder })
    }

    /// Where the node that is named keeps its data.
    pub fn data_dir(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    /// The test's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs one statement behind the gateway's back: what an accident, not a user, would do.
    pub async fn tamper(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        match self.kind {
            Kind::Sqlite => {
                let mut connection =
                    sqlx::SqliteConnection::connect(&self.url).await.expect("the file opens");
                sqlx::query("PRAGMA busy_timeout = 10000").execute(&mut connection).await.expect("a pragma");
                sqlx::query(statement).execute(&mut connection).await.expect("the statement runs");
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the database answers");
                sqlx::raw_sql(statement).execute(&mut connection).await.expect("the statement runs");
            }
        }
    }
}

impl Database {
    /// From now on a test's clock is the database's too: PostgreSQL's judges leases, due times and limits.
    pub async fn follow(&self, clock: &Clock) {
        self.show(clock.now()).await;
    }

    /// Both clocks later by this much.
    pub async fn advance(&self, clock: &Clock, by: Duration) {
        self.set(clock, clock.now().checked_add(by).expect("a moment")).await;
    }

    /// Both clocks at this moment. The database's goes first: a gateway that woke up between the two would be
    /// told to come again after a wait that its own clock, which then stands still, never reaches.
    pub async fn set(&self, clock: &Clock, at: Timestamp) {
        self.show(at).await;
        clock.set(at);
    }

    async fn show(&self, at: Timestamp) {
        if self.kind == Kind::Postgres {
            let now = at.as_microsecond();
            self.tamper(&format!(
                "CREATE TABLE IF NOT EXISTS test_clock (at BIGINT NOT NULL);
                 DELETE FROM test_clock; INSERT INTO test_clock VALUES ({now});
                 CREATE OR REPLACE FUNCTION optgate_now() RETURNS BIGINT LANGUAGE sql VOLATILE
                 AS 'SELECT at FROM test_clock'"
            ))
            .await;
        }
    }

    /// One number, read behind the gateway's back.
    pub async fn count(&self, query: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        match self.kind {
            Kind::Sqlite => {
                let mut connection =
                    sqlx::SqliteConnection::connect(&self.url).await.expect("the file opens");
                sqlx::query("PRAGMA busy_timeout = 10000").execute(&mut connection).await.expect("a pragma");
                sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number")
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the database answers");
                sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number")
            }
        }
    }

    /// A copy of all there is, made while no gateway runs; its name.
    pub async fn back_up(&self) -> String {
        let name = format!("backup_{}", uuid::Uuid::new_v4().simple());
        match self.kind {
            Kind::Sqlite => self.each_file(|file, ending| {
                let _ = std::fs::copy(file, self.folder.path().join(format!("{name}{ending}")));
            }),
            Kind::Postgres => {
                let own = self.own_name();
                self.maintain(&[format!("CREATE DATABASE {name} TEMPLATE {own}")]).await;
            }
        }
        name
    }

    /// Puts a copy back in the place of what is there.
    pub async fn restore(&self, backup: &str) {
        match self.kind {
            Kind::Sqlite => self.each_file(|file, ending| {
                let _ = std::fs::remove_file(file);
                let _ = std::fs::copy(self.folder.path().join(format!("{backup}{ending}")), file);
            }),
            Kind::Postgres => {
                let own = self.own_name();
                let again = format!("CREATE DATABASE {own} TEMPLATE {backup}");
                self.maintain(&[format!("DROP DATABASE {own} WITH (FORCE)"), again]).await;
            }
        }
    }

    fn each_file(&self, work: impl Fn(&std::path::Path, &str)) {
        for ending in ["", "-wal", "-shm"] {
            work(&self.folder.path().join(format!("optgate.db{ending}")), ending);
        }
    }

    fn own_name(&self) -> &str {
        self.url.rsplit_once('/').expect("the URL ends in a database").1
    }

    /// Statements on the cluster, once nobody is connected to this database.
    async fn maintain(&self, statements: &[String]) {
        let maintenance = std::env::var("OPTGATE_TEST_POSTGRES").expect("a cluster");
        let mut connection = PgConnection::connect(&maintenance).await.expect("the cluster answers");
        let own = self.own_name();
        let leave =
            format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{own}'");
        for statement in std::iter::once(&leave).chain(statements) {
            let statement = sqlx::AssertSqlSafe(statement.clone());
            sqlx::raw_sql(statement).execute(&mut connection).await.expect("the statement runs");
        }
    }

    /// Every octet that the database keeps on disk, its log included, file by file.
    pub async fn octets(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        match self.kind {
            Kind::Sqlite => gather(self.folder.path(), &mut files),
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the database answers");
                sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await.expect("a checkpoint");
                let folder: String = sqlx::query_scalar("SHOW data_directory")
                    .fetch_one(&mut connection)
                    .await
                    .expect("its folder");
                let number: i64 = sqlx::query_scalar(
                    "SELECT oid::bigint FROM pg_database WHERE datname = current_database()",
                )
                .fetch_one(&mut connection)
                .await
                .expect("its number");
                gather(&PathBuf::from(&folder).join(format!("base/{number}")), &mut files);
                gather(&PathBuf::from(&folder).join("pg_wal"), &mut files);
            }
        }
        assert!(!files.is_empty(), "nothing on disk to search");
        files.into_iter().filter_map(|path| std::fs::read(&path).ok().map(|octets| (path, octets))).collect()
    }
}

fn gather(folder: &std::path::Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        if entry.path().is_dir() {
            gather(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}
