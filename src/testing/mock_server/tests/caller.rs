//! A client that leaves HTTP to the test.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{A_WHILE, SOON};
use crate::testing::MockServer;

pub(super) struct Caller {
    stream: TcpStream,
    pub(super) unread: Vec<u8>,
}

pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Caller {
    pub(super) async fn to(meta: &MockServer) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", meta.url().port().unwrap_or_default())).await?;
        Ok(Self { stream, unread: Vec::new() })
    }

    pub(super) async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    pub(super) async fn more(&mut self) -> io::Result<usize> {
        timeout(SOON, self.stream.read_buf(&mut self.unread)).await?
    }

    pub(super) async fn hear_head(&mut self) -> io::Result<Heard> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                return Ok(parsed(&String::from_utf8_lossy(&head)));
            }
            if self.more().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(super) async fn hear(&mut self) -> io::Result<Heard> {
        let mut heard = self.hear_head().await?;
        let length = heard.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        while self.unread.len() < length {
            if self.more().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        heard.body = self.unread.drain(..length).collect();
        Ok(heard)
    }

    pub(super) async fn ask(&mut self, request: &str) -> io::Result<Heard> {
        self.say(request).await?;
        self.hear().await
    }

    /// What comes until the connection ends.
    pub(super) async fn hear_out(&mut self) -> io::Result<Vec<u8>> {
        while self.more().await? > 0 {}
        Ok(std::mem::take(&mut self.unread))
    }

    pub(super) async fn hears_nothing(&mut self) -> bool {
        timeout(A_WHILE, self.stream.read_buf(&mut self.unread)).await.is_err()
    }
}

fn parsed(head: &str) -> Heard {
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Heard { status, headers, body: Vec::new() }
}

pub(super) async fn answered(meta: &MockServer, request: &str) -> io::Result<Heard> {
    Caller::to(meta).await?.ask(request).await
}

pub(super) fn kind(result: io::Result<Heard>) -> Option<io::ErrorKind> {
    result.err().map(|error| error.kind())
}
