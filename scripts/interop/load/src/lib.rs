//! Clients in large numbers: each is a task with a connection and a decoder of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sse_wire::headers::{self, Answer};
use tokio::net::TcpStream;

pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Asks for a stream, over a connection of its own. An empty id is left out, as the rules ask.
pub async fn get(server: SocketAddr, last_event_id: &str) -> Result<Response<Incoming>, AnyError> {
    let mut request = Request::get("/events").header(HOST, server.to_string());
    if !last_event_id.is_empty() {
        request = request.header(headers::LAST_EVENT_ID, last_event_id);
    }
    answer_to(server, request.body(Full::default())?).await
}

/// Asks the server to send an event with this data to all clients.
pub async fn send(server: SocketAddr, data: String) -> Result<(), AnyError> {
    let request = Request::post("/send")
        .header(HOST, server.to_string())
        .header(CONTENT_TYPE, "text/plain");
    let response = answer_to(server, request.body(Full::from(data))?).await?;
    if response.status() != 200 {
        return Err(format!("the server answers {}", response.status()).into());
    }
    Ok(())
}

async fn answer_to(
    server: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, AnyError> {
    let tcp = TcpStream::connect(server).await?;
    tcp.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await?;
    // It ends when the response is dropped or complete.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// What a client does with a response.
pub fn answer(response: &Response<Incoming>) -> Answer {
    let content_type = response.headers().get(CONTENT_TYPE);
    headers::answer(
        response.status().as_u16(),
        content_type.map(HeaderValue::as_bytes),
    )
}
