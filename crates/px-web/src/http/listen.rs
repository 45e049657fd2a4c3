//! Connections that end without losing the last answer, and end at all.
//!
//! A server that answers before it has read a whole request (a body that is too large, a token
//! that does not hold) and then closes makes the kernel reset the connection, and the reset may
//! overtake the answer: RFC 9112, section 9.6. So a connection is closed in two steps: nothing
//! more is sent, and what still comes is read and dropped for a while.
//!
//! A client that vanished (a laptop that fell asleep, a link that broke) says nothing, and what it
//! held, such as the right to write an upload, would stay held. So a connection on which no byte
//! moves, in either direction, is given up.

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

/// How long nothing may move on a connection: longer than any answer takes (a request waits for a
/// plugin for a minute at most, event streams and feeds stir every 30 s).
const IDLE: Duration = Duration::from_secs(120);
/// How long a client may be silent after its last answer.
const SILENCE: Duration = Duration::from_secs(2);
/// How long it may go on sending what nobody reads.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of it is read at once.
const CHUNK: usize = 16 * 1024;

/// Accepts TCP connections for [`axum::serve`].
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    idle: Duration,
}

impl Listening {
    /// Takes over a bound listener.
    #[must_use]
    pub const fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            idle: IDLE,
        }
    }

    /// Gives connections up on which nothing moves for `limit` instead of two minutes.
    #[must_use]
    pub const fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }
}

impl axum::serve::Listener for Listening {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, from) = axum::serve::Listener::accept(&mut self.listener).await;
        // Answers of two packets would wait for the reader's delayed acknowledgement: 40 ms now
        // and then.
        let _ = stream.set_nodelay(true);
        let idle = Idle::begin(self.idle);
        let end = None;
        (Connection { stream, idle, end }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
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

/// A TCP connection that is closed in two steps, and by itself when nothing moves on it.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    idle: Idle,
    end: Option<End>,
}

/// Since when nothing has moved.
#[derive(Debug)]
struct Idle {
    limit: Duration,
    last: Instant,
    /// Fires no later than `limit` after `last`, and is then set again: moving it with every byte
    /// would cost more than the byte.
    alarm: Pin<Box<Sleep>>,
}

impl Idle {
    fn begin(limit: Duration) -> Self {
        Self {
            limit,
            last: Instant::now(),
            alarm: Box::pin(tokio::time::sleep(limit)),
        }
    }

    /// Hands on what the socket said; while it waits, watches the time.
    fn watch<T>(&mut self, said: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if said.is_ready() {
            self.last = Instant::now();
            return said;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let until = self.last + self.limit;
            if Instant::now() >= until {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(until);
        }
        Poll::Pending
    }
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
        let said = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.idle.watch(said, cx)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.idle.watch(said, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.idle.watch(said, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, end, .. } = &mut *self;
        if end.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        end.get_or_insert_with(End::begin).poll(stream, cx).map(Ok)
    }
}
