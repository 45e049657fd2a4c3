//! Connections that end without losing the last answer.
//!
//! A server that answers before it has read a whole request (a body that is too large, a token
//! that does not hold) and then closes makes the kernel reset the connection, and the reset may
//! overtake the answer: RFC 9112, section 9.6. So a connection is closed in two steps: nothing
//! more is sent, and what still comes is read and dropped for a while.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

/// How long a client may be silent after its last answer.
const SILENCE: Duration = Duration::from_secs(2);
/// How long it may go on sending what nobody reads.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of it is read at once.
const CHUNK: usize = 16 * 1024;

/// Accepts TCP connections for [`axum::serve`].
#[derive(Debug)]
pub struct Listening(TcpListener);

impl Listening {
    /// Takes over a bound listener.
    #[must_use]
    pub const fn new(listener: TcpListener) -> Self {
        Self(listener)
    }
}

impl axum::serve::Listener for Listening {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, from) = axum::serve::Listener::accept(&mut self.0).await;
        // Answers of two packets would wait for the reader's delayed acknowledgement: 40 ms now
        // and then.
        let _ = stream.set_nodelay(true);
        (Connection { stream, end: None }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The other end of a connection, for `into_make_service_with_connect_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, Listening>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listening>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// A TCP connection that is closed in two steps.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    end: Option<End>,
}

/// Nothing more is sent; what comes is dropped.
#[derive(Debug)]
struct End {
    silence: Pin<Box<Sleep>>,
    at_latest: Instant,
}

impl End {
    fn begin() -> Self {
        Self {
            silence: Box::pin(tokio::time::sleep(SILENCE)),
            at_latest: Instant::now() + PATIENCE,
        }
    }

    /// Reads until the client closes, is silent or has been heard out.
    fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = [MaybeUninit::uninit(); CHUNK];
        loop {
            let mut chunk = ReadBuf::uninit(&mut room);
            let read = Pin::new(&mut *stream).poll_read(cx, &mut chunk);
            match read {
                Poll::Pending => return self.silence.as_mut().poll(cx),
                Poll::Ready(Ok(())) if !chunk.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
            let now = Instant::now();
            if now >= self.at_latest {
                return Poll::Ready(());
            }
            self.silence.as_mut().reset(now + SILENCE);
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, end } = &mut *self;
        if end.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        end.get_or_insert_with(End::begin).poll(stream, cx).map(Ok)
    }
}
