//! Both directions over any bytes, with tokio-util.

use futures::{SinkExt, StreamExt};
use sse_wire::Event;
use sse_wire::codec::Codec;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Framed;

/// Sends an event, and receives events until the other side has sent its last.
pub async fn exchange(io: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<Vec<String>> {
    let mut framed = Framed::new(io, Codec::new());
    framed.send(Event::new("hello").with_id(1)).await?;
    let mut seen = Vec::new();
    while let Some(event) = framed.next().await {
        match event? {
            Ok(event) => seen.push(event.data().to_owned()),
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(seen)
}
