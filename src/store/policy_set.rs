//! Every policy set that was ever in force, kept once by its hash before the first decision cites it, so that
//! its decisions can be made again (invariant 16). The files' texts lie apart, once each: a reload changes one of many.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::database::Commit;
use super::fault::{Fault, Result};
use super::interned::{Texts, insert_texts};
use super::sql::{Session, Value, to_json, values};
use super::{Store, StoreError, rows};

/// One file's name, relative to the policy folder, and its text.
type NamedText = (String, String);

impl Store {
    /// Keeps the files of a policy set under the hash that decisions will cite. Durable when it returns; nothing is
    /// written where it is kept already.
    pub async fn keep_policy_set(&self, hash: &str, files: &[NamedText]) -> Result<(), StoreError> {
        if is_kept(&mut self.inner.database.read().await?, hash).await? {
            return Ok(());
        }
        let (mut names, mut texts) = (Vec::with_capacity(files.len()), Texts::new());
        for (name, text) in files {
            let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
            names.push((name, data_encoding::HEXLOWER.encode(&digest)));
            texts.insert(digest, text.clone());
        }
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        insert_texts(&mut tx, "policy_files (hash, body)", &texts).await?;
        // Another node may keep the same at this moment.
        let insert = "INSERT INTO policy_sets (hash, files, kept_at) VALUES ($1, $2, $3)
                      ON CONFLICT (hash) DO NOTHING";
        tx.execute(insert, values![hash, to_json(&names), now]).await?;
        Ok(tx.commit().await?)
    }

    /// The files of a set, by name; `None` if this database never kept it.
    pub async fn policy_set(&self, hash: &str) -> Result<Option<Vec<NamedText>>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let select = "SELECT files FROM policy_sets WHERE hash = $1";
        let Some(row) = session.fetch_optional(select, values![hash]).await? else { return Ok(None) };
        let names: Vec<(String, String)> = row.json(0)?;
        Ok(Some(texts(&mut session, names).await?))
    }
}

async fn is_kept(session: &mut Session, hash: &str) -> Result<bool> {
    let select = "SELECT 1 FROM policy_sets WHERE hash = $1";
    Ok(session.fetch_optional(select, values![hash]).await?.is_some())
}

/// The text of each file.
async fn texts(session: &mut Session, names: Vec<(String, String)>) -> Result<Vec<NamedText>> {
    let digest = |hex: &String| data_encoding::HEXLOWER.decode(hex.as_bytes()).ok();
    let wanted: Vec<Value> = names.iter().filter_map(|(_, hex)| digest(hex)).map(Value::from).collect();
    let select = "SELECT hash, body FROM policy_files WHERE hash IN {}";
    let mut found: HashMap<String, String> = HashMap::new();
    for row in rows::with_list(session, select, Vec::new(), wanted).await? {
        found.insert(data_encoding::HEXLOWER.encode(row.blob(0)?), row.text(1)?.to_owned());
    }
    let gone = || Fault::Unreadable("a file of a policy set that was kept is gone".into());
    // Two files may have one text.
    let text = |(name, hex): (String, String)| Ok((name, found.get(&hex).cloned().ok_or_else(gone)?));
    names.into_iter().map(text).collect()
}
