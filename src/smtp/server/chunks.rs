//! A message that comes in chunks. Every announced octet is read before the reply, kept or not, so that the
//! next command is the next command. RFC 3030.

use tokio::io::{AsyncRead, AsyncWrite};

use super::answer;
use super::conversation::{AT_MOST, Conversation, End, HEAD};
use super::pace::Pace;
use super::room::Taken;
use crate::mail::Reply;
use crate::smtp::session::{Chunk, Fate, Keeps, Position};
use crate::smtp::wire::{ChunkReader, Dropped, EndOfData, skip};

/// What has come of a message.
pub(super) struct Gathering {
    reader: ChunkReader,
    taken: Taken,
    /// Of the message in all.
    pub pace: Pace,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// Reads a chunk to its end; the last one hands the message over.
    pub(super) async fn take_chunk(&mut self, chunk: Chunk) -> Result<Reply, End> {
        let mut gathering = match chunk.fate {
            Fate::Drop(reply) => {
                self.drop_chunk(chunk.size).await?;
                return Ok(reply);
            }
            Fate::Begin { hint } => self.gather(hint),
            Fate::Continue => {
                let Some(gathering) = self.gathering.take() else {
                    // Never half a message, whatever went wrong.
                    self.drop_chunk(chunk.size).await?;
                    self.session.chunk_refused(chunk.position);
                    return Ok(Reply::new(503, (5, 5, 1), "the message failed; RSET comes first"));
                };
                gathering
            }
        };
        let mut left = chunk.size;
        loop {
            let held = gathering.reader.held_with(AT_MOST * self.input.len());
            if self.shared.room.extend(&mut gathering.taken, held).await.is_err() {
                self.count(Some("max_in_hand"));
                gathering.reader.give_up();
                gathering.taken = Taken::default();
            }
            gathering.reader.read(&mut self.input, &mut left);
            if left == 0 {
                break;
            }
            self.more_data(&mut gathering.pace).await?;
        }
        self.give_back_input();
        match (gathering.reader.dropped(), chunk.position) {
            (Some(why), position) => Ok(self.refuse_chunk(why, position)),
            (None, Position::Within) => {
                self.gathering = Some(gathering);
                Ok(Reply::new(250, (2, 0, 0), format!("{} octets taken", chunk.size)))
            }
            (None, Position::Last) => {
                let Gathering { reader, taken, .. } = gathering;
                let reply = match reader.end() {
                    EndOfData::Complete(content) => self.submit(content).await,
                    EndOfData::TooLarge => self.refuse_chunk(Dropped::TooLarge, Position::Last),
                    EndOfData::NoRoom => self.refuse_chunk(Dropped::NoRoom, Position::Last),
                };
                drop(taken);
                Ok(reply)
            }
        }
    }

    fn gather(&self, hint: usize) -> Gathering {
        let limit = self.shared.terms.max_message_size;
        let reader = match self.session.keeps() {
            Keeps::Whole => ChunkReader::new(limit, hint),
            Keeps::Head => ChunkReader::of_head(HEAD, limit),
        };
        Gathering { reader, taken: Taken::default(), pace: Pace::begin(self.limits()) }
    }

    fn refuse_chunk(&mut self, why: Dropped, position: Position) -> Reply {
        self.session.chunk_refused(position);
        match why {
            Dropped::TooLarge => {
                self.count(Some("max_message_size"));
                answer::too_large()
            }
            Dropped::NoRoom => answer::no_room(),
        }
    }

    async fn drop_chunk(&mut self, size: u64) -> Result<(), End> {
        // Nobody gets more time by sending what nobody wants.
        let mut pace = Pace::begin(self.limits()).no_longer_than(self.may_last_until());
        let mut left = size;
        loop {
            skip(&mut self.input, &mut left);
            if left == 0 {
                return Ok(());
            }
            self.more_data(&mut pace).await?;
        }
    }
}
