//! How the journals stand now, as a command beside a gateway tells it: this node's own is looked at on the disk,
//! since what a restored database says of it is as old as the backup. It changes nothing.

use super::{JournalView, Standing, compared, lock, off_thread};
use crate::store::database::Commit;
use crate::store::{Store, StoreError};

impl Store {
    /// All journals that the database or this node knows of, by node.
    pub async fn journals_now(&self) -> Result<Vec<JournalView>, StoreError> {
        let mut journals = self.journals().await?;
        let Some(journal) = self.inner.journal.clone() else { return Ok(journals) };
        let marked = off_thread({
            let journal = journal.clone();
            move || journal.mark()
        })
        .await?;
        let (node, timeline) = (self.inner.node, self.timeline().await);
        // Its row is held while both sides are read, and let go as it was.
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let own = lock(&mut tx, node).await?;
        let last = off_thread(move || journal.refreshed()).await?;
        drop(tx);
        let another = marked.timeline.is_some() && timeline.is_some() && marked.timeline != timeline;
        let went_back = own.mark < marked.number || another;
        let view = |node, standing| JournalView { node, standing, position: 0, mark: 0 };
        if last > 0 || marked.number > 0 {
            let known = journals.iter().any(|view| view.node == node);
            journals.extend((!known).then(|| view(node, Standing::InStep)));
        }
        if went_back {
            for other in marked.nodes {
                let known = journals.iter().any(|view| view.node == other);
                journals.extend((!known).then(|| view(other, Standing::Unchecked)));
            }
        }
        for view in &mut journals {
            if view.node == node {
                (view.standing, view.position) = (compared(&own, last), own.position);
            } else if went_back && view.standing == Standing::InStep {
                view.standing = Standing::Unchecked;
            }
        }
        journals.sort_by_key(|view| view.node);
        Ok(journals)
    }
}
