//! HTTP/1.1 over one socket: reads requests, writes bytes, and breaks the connection on request.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use httparse::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const MAX_HEAD: usize = 32 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;
const MAX_HEADERS: usize = 128;

/// How long an early refusal waits for the client to stop sending, so that it can read the answer.
const LINGER: Duration = Duration::from_secs(1);

/// Why an exchange cannot go on.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection is gone.
    Lost,
    /// The request is not HTTP as we understand it; this status says why.
    NotHttp(u16),
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

/// A request up to its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    minor_version: u8,
}

/// How the end of a body is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

impl Head {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the client wants the connection kept after the answer.
    pub(super) fn keeps_alive(&self) -> bool {
        let connection = self.header("connection").unwrap_or_default();
        let asks_for = |word: &str| connection.split(',').any(|each| each.trim().eq_ignore_ascii_case(word));
        if self.minor_version == 0 { asks_for("keep-alive") } else { !asks_for("close") }
    }

    fn expects_continue(&self) -> bool {
        self.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    fn framing(&self) -> Result<Framing, Broken> {
        match (self.header("transfer-encoding"), self.header("content-length")) {
            (None, None) => Ok(Framing::Length(0)),
            (None, Some(length)) => match length.parse() {
                Ok(length) if length <= MAX_BODY => Ok(Framing::Length(length)),
                Ok(_) => Err(Broken::NotHttp(413)),
                Err(_) => Err(Broken::NotHttp(400)),
            },
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
            (Some(_), None) => Err(Broken::NotHttp(501)),
            (Some(_), Some(_)) => Err(Broken::NotHttp(400)),
        }
    }
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Bytes that arrived and belong to what is read next.
    unread: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// The next request's head; `None` when the client closed the connection between two requests.
    pub(super) async fn head(&mut self) -> Result<Option<Head>, Broken> {
        loop {
            if let Some((head, length)) = parse_head(&self.unread)? {
                self.unread.drain(..length);
                return Ok(Some(head));
            }
            if self.unread.len() > MAX_HEAD {
                return Err(Broken::NotHttp(431));
            }
            if self.read_more().await? == 0 {
                return if self.unread.is_empty() { Ok(None) } else { Err(Broken::Lost) };
            }
        }
    }

    /// Reads the body into `body`, which keeps what came when the connection breaks.
    pub(super) async fn body(&mut self, head: &Head, body: &mut Vec<u8>) -> Result<(), Broken> {
        let framing = head.framing()?;
        self.invite_body(head).await?;
        match framing {
            Framing::Length(length) => self.take(length, body).await,
            Framing::Chunked => self.chunks(body).await,
        }
    }

    /// Reads half of the body, or a first piece of it when its length is unknown.
    pub(super) async fn half_body(&mut self, head: &Head, body: &mut Vec<u8>) -> Result<(), Broken> {
        let framing = head.framing()?;
        self.invite_body(head).await?;
        match framing {
            Framing::Length(length) => self.take(length / 2, body).await,
            Framing::Chunked => {
                let size = self.chunk_size().await?;
                self.take(size / 2, body).await
            }
        }
    }

    async fn invite_body(&mut self, head: &Head) -> Result<(), Broken> {
        if head.expects_continue() && self.unread.is_empty() {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        Ok(())
    }

    async fn take(&mut self, length: usize, into: &mut Vec<u8>) -> Result<(), Broken> {
        let mut missing = length;
        loop {
            let here = missing.min(self.unread.len());
            into.extend(self.unread.drain(..here));
            missing -= here;
            if missing == 0 {
                return Ok(());
            }
            self.read_some().await?;
        }
    }

    async fn chunks(&mut self, body: &mut Vec<u8>) -> Result<(), Broken> {
        loop {
            let size = self.chunk_size().await?;
            if size == 0 {
                return self.trailers().await;
            }
            if size > MAX_BODY - body.len() {
                return Err(Broken::NotHttp(413));
            }
            self.take(size, body).await?;
            if !self.line().await?.is_empty() {
                return Err(Broken::NotHttp(400));
            }
        }
    }

    async fn chunk_size(&mut self) -> Result<usize, Broken> {
        loop {
            match httparse::parse_chunk_size(&self.unread) {
                Ok(Status::Complete((length, size))) => {
                    self.unread.drain(..length);
                    return usize::try_from(size).map_err(|_| Broken::NotHttp(413));
                }
                Ok(Status::Partial) if self.unread.len() <= MAX_HEAD => self.read_some().await?,
                Ok(Status::Partial) | Err(_) => return Err(Broken::NotHttp(400)),
            }
        }
    }

    async fn trailers(&mut self) -> Result<(), Broken> {
        while !self.line().await?.is_empty() {}
        Ok(())
    }

    /// The next line without its end.
    async fn line(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.unread[..end].to_vec();
                self.unread.drain(..end + 2);
                return Ok(line);
            }
            if self.unread.len() > MAX_HEAD {
                return Err(Broken::NotHttp(400));
            }
            self.read_some().await?;
        }
    }

    async fn read_some(&mut self) -> Result<(), Broken> {
        match self.read_more().await? {
            0 => Err(Broken::Lost),
            _ => Ok(()),
        }
    }

    async fn read_more(&mut self) -> io::Result<usize> {
        self.unread.reserve(8 * 1024);
        self.stream.read_buf(&mut self.unread).await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Waits, unless the client goes away first.
    pub(super) async fn wait(&mut self, time: Duration) -> Result<(), Broken> {
        if time.is_zero() {
            return Ok(());
        }
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.client_gone() => Err(Broken::Lost),
        }
    }

    /// Ends when the client closes the connection. Whatever it still sends is kept, up to a limit.
    pub(super) async fn client_gone(&mut self) {
        while self.unread.len() <= MAX_HEAD {
            match self.read_more().await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        std::future::pending::<()>().await;
    }

    /// Drops the connection so that the client sees a reset and not an orderly end.
    pub(super) fn reset(self) {
        // If the option fails, the client sees an orderly end, and the test that wants a reset fails.
        let _ = self.stream.set_zero_linger();
    }

    /// Answers a request that was not read to its end.
    pub(super) async fn turn_away(mut self, status: u16) {
        let answer = head_of_answer(status, &[("connection", "close"), ("content-length", "0")]);
        if self.write(&answer).await.is_ok() && self.stream.shutdown().await.is_ok() {
            let _ = timeout(LINGER, self.drain()).await;
        }
    }

    async fn drain(&mut self) {
        while self.read_more().await.is_ok_and(|length| length > 0) {
            self.unread.clear();
        }
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Broken> {
    let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut slots);
    let length = match request.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Broken::NotHttp(431)),
        Err(_) => return Err(Broken::NotHttp(400)),
    };
    let headers = request
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        headers,
        minor_version: request.version.unwrap_or_default(),
    };
    Ok(Some((head, length)))
}

/// Status line and headers, up to and with the blank line.
pub(super) fn head_of_answer(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        // Writing to a string cannot fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}
