//! Answers and bodies without an end in sight: lines in, pieces out, in constant memory. Whoever reads slowly is
//! written to slowly, and read from slowly.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use hyper::body::Frame;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio_util::io::poll_read_buf;
use tracing::Instrument as _;

/// What may lie between the writer and the connection, in octets.
const IN_FLIGHT: usize = 64 * 1024;
/// What is taken from there at a time.
const PIECE: usize = 16 * 1024;
/// How long one answer may take in all.
const LONGEST: Duration = Duration::from_secs(600);

/// Where the pieces of an answer go.
pub(in crate::web) struct Pieces(DuplexStream);

/// Whoever asked has gone away, or can't be told the rest.
pub(in crate::web) struct Gone;

impl Pieces {
    pub(in crate::web) async fn write(&mut self, octets: &[u8]) -> Result<(), Gone> {
        self.0.write_all(octets).await.map_err(|_| Gone)
    }
}

/// An answer that `writer` writes while it is read. It ends with the writer, or when nobody reads any more. What the
/// writer leaves unfinished, or can't finish in time, breaks off, so that nobody takes a part for the whole.
pub(in crate::web) fn answer<Writing>(
    media_type: &'static str,
    writer: impl FnOnce(Pieces) -> Writing,
) -> Response
where
    Writing: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let (near, far) = duplex(IN_FLIGHT);
    let (finished, whole) = oneshot::channel();
    let writing = tokio::time::timeout(LONGEST, writer(Pieces(near)));
    tokio::spawn(
        async move {
            if let Ok(Ok(())) = writing.await {
                let _ = finished.send(());
            }
        }
        .in_current_span(),
    );
    let answer = Answer { pieces: far, whole: Some(whole) };
    ([(header::CONTENT_TYPE, media_type)], Body::new(answer)).into_response()
}

/// The reader's end of an answer.
struct Answer {
    pieces: DuplexStream,
    /// Told once all is written; gone once that was heard.
    whole: Option<oneshot::Receiver<()>>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let Some(whole) = &mut this.whole else { return Poll::Ready(None) };
        let mut piece = BytesMut::with_capacity(PIECE);
        match ready!(poll_read_buf(Pin::new(&mut this.pieces), context, &mut piece)) {
            Ok(0) => {
                let told = ready!(Pin::new(whole).poll(context));
                this.whole = None;
                Poll::Ready(told.is_err().then(|| Err(io::ErrorKind::ConnectionAborted.into())))
            }
            Ok(_) => Poll::Ready(Some(Ok(Frame::data(piece.freeze())))),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

/// Reads a body line by line.
pub(in crate::web) struct Lines {
    body: Body,
    held: BytesMut,
    ended: bool,
    longest: usize,
}

/// What is there.
pub(in crate::web) enum Next {
    /// Without its end.
    Line(Bytes),
    /// Nothing yet.
    Nothing,
    End,
}

/// Why no more lines come.
#[derive(Debug)]
pub(in crate::web) enum Broken {
    TooLong,
    Cut,
}

impl Lines {
    pub(in crate::web) fn new(body: Body, longest: usize) -> Self {
        Self { body, held: BytesMut::new(), ended: false, longest }
    }

    /// The next line, waited for.
    pub(in crate::web) async fn wait(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            match self.take()? {
                Next::Line(line) => return Ok(Some(line)),
                Next::End => return Ok(None),
                Next::Nothing => {
                    let frame = poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await;
                    self.hold(frame.map(|frame| frame.map(|frame| frame.into_data().ok())))?;
                }
            }
        }
    }

    /// The next line, if it has come already.
    pub(in crate::web) async fn ready(&mut self) -> Result<Next, Broken> {
        loop {
            match self.take()? {
                Next::Nothing => {}
                found => return Ok(found),
            }
            let frame = poll_fn(|context| match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(frame) => Poll::Ready(Some(frame)),
                Poll::Pending => Poll::Ready(None),
            });
            match frame.await {
                Some(frame) => self.hold(frame.map(|frame| frame.map(|frame| frame.into_data().ok())))?,
                None => return Ok(Next::Nothing),
            }
        }
    }

    fn hold(&mut self, read: Option<Result<Option<Bytes>, axum::Error>>) -> Result<(), Broken> {
        match read {
            Some(Ok(data)) => self.held.extend_from_slice(&data.unwrap_or_default()),
            Some(Err(_)) => return Err(Broken::Cut),
            None => self.ended = true,
        }
        Ok(())
    }

    /// What is held already.
    fn take(&mut self) -> Result<Next, Broken> {
        if let Some(end) = memchr::memchr(b'\n', &self.held) {
            let mut line = self.held.split_to(end + 1);
            line.truncate(end);
            if line.last() == Some(&b'\r') {
                line.truncate(end - 1);
            }
            return if end > self.longest { Err(Broken::TooLong) } else { Ok(Next::Line(line.freeze())) };
        }
        if self.held.len() > self.longest {
            return Err(Broken::TooLong);
        }
        match (self.ended, self.held.is_empty()) {
            (false, _) => Ok(Next::Nothing),
            (true, true) => Ok(Next::End),
            (true, false) => Ok(Next::Line(self.held.split().freeze())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_line_by_line_and_no_line_grows_without_bound() {
        let mut lines = Lines::new(Body::from("one\r\n\ntwo\nlast"), 4);
        for expected in ["one", "", "two", "last"] {
            assert_eq!(lines.wait().await.unwrap().unwrap(), expected);
        }
        assert!(lines.wait().await.unwrap().is_none());
        let mut lines = Lines::new(Body::from("12345\n"), 4);
        assert!(matches!(lines.wait().await, Err(Broken::TooLong)));
        let mut lines = Lines::new(Body::from("12345"), 4);
        assert!(matches!(lines.ready().await, Err(Broken::TooLong)));
    }

    #[tokio::test]
    async fn an_answer_that_is_not_finished_breaks_off() {
        let read = async |writer: Result<(), Gone>| {
            let response = answer("text/plain", |mut pieces| async move {
                pieces.write(b"a part").await?;
                writer
            });
            axum::body::to_bytes(response.into_body(), 100).await
        };
        assert_eq!(read(Ok(())).await.unwrap(), "a part");
        assert!(read(Err(Gone)).await.is_err());
    }
}
