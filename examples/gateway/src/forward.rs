//! Forwards a request to the upstream, and returns the answer.
//!
//! The connection asks the body for the next chunk when it has written the last one, and only then
//! the gateway reads more from upstream. So a slow client slows down its own upstream connection
//! and needs no memory here.

use crate::chaos::Chaos;
use crate::connection::Socket;
use crate::rewrite::{Rewriter, Set};
use crate::stats::{Clock, Stats};
use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use sse_wire::headers::{self, Answer};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long to try to get an answer from the upstream. A 502 instead would end a browser's `EventSource` for good.
const PATIENCE: Duration = Duration::from_secs(10);

pub type BoxError = Box<dyn Error + Send + Sync>;
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// The body of a response as it comes.
pub trait Chunks: Stream<Item = Result<Bytes, BoxError>> + Send + 'static {}

impl<S: Stream<Item = Result<Bytes, BoxError>> + Send + 'static> Chunks for S {}

#[derive(Debug)]
pub struct Gateway {
    client: reqwest::Client,
    upstream: String,
    set: Option<Set>,
    seed: Option<u64>,
    pub stats: Arc<Stats>,
}

impl Gateway {
    pub fn new(upstream: String, set: Option<Set>, seed: Option<u64>) -> reqwest::Result<Self> {
        Ok(Self {
            client: reqwest::Client::builder().build()?,
            upstream: upstream.trim_end_matches('/').to_owned(),
            set,
            seed,
            stats: Arc::default(),
        })
    }

    pub async fn answer(&self, request: Request<Incoming>, socket: Socket) -> Response<Body> {
        if request.uri().path() == "/stats" {
            return text(StatusCode::OK, self.stats.to_json());
        }
        if request.method() != Method::GET {
            return text(StatusCode::METHOD_NOT_ALLOWED, "only GET".to_owned());
        }
        match self.ask(request).await {
            Ok(response) => self.pass_on(response, socket),
            Err(error) => text(StatusCode::BAD_GATEWAY, error.to_string()),
        }
    }

    /// All headers pass, `Last-Event-ID` among them, byte for byte. Except `Accept-Encoding`: the
    /// gateway must be able to read the stream.
    async fn ask(&self, request: Request<Incoming>) -> reqwest::Result<reqwest::Response> {
        let (request, _) = request.into_parts();
        let path = request
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.upstream);
        let mut headers = end_to_end(request.headers);
        headers.remove(header::ACCEPT_ENCODING);
        let start = Instant::now();
        loop {
            let request = self.client.get(&url).headers(headers.clone());
            match request.send().await {
                // Also if the upstream was lost after it had taken the request: it only reads.
                Err(error) if is_temporary(&error) && start.elapsed() < PATIENCE => {
                    sleep(Duration::from_millis(100)).await;
                }
                answer => return answer,
            }
        }
    }

    fn pass_on(&self, upstream: reqwest::Response, socket: Socket) -> Response<Body> {
        let status = upstream.status();
        let mut response_headers = end_to_end(upstream.headers().clone());
        let content_type = response_headers.get(header::CONTENT_TYPE);
        let answer = headers::answer(status.as_u16(), content_type.map(HeaderValue::as_bytes));
        let mut upstream = Upstream {
            response: upstream,
            rewriter: None,
            clock: socket.clock,
        };
        let body = if answer == Answer::Decode {
            for (name, value) in headers::RESPONSE {
                let name = HeaderName::from_static(name);
                response_headers.insert(name, HeaderValue::from_static(value));
            }
            upstream.rewriter = self.set.clone().map(Rewriter::new);
            let number = self.stats.count_stream();
            match self.seed {
                Some(seed) => {
                    body(Chaos::new(seed, number, socket.reset).disturb(upstream.chunks()))
                }
                None => body(upstream.chunks()),
            }
        } else {
            body(upstream.chunks())
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = response_headers;
        response
    }
}

/// The answer of the upstream on its way.
#[derive(Debug)]
struct Upstream {
    response: reqwest::Response,
    rewriter: Option<Rewriter>,
    clock: Clock,
}

impl Upstream {
    fn chunks(self) -> impl Chunks {
        stream::unfold(self, async |mut upstream| {
            let chunk = upstream.next().await.map_err(BoxError::from);
            Some((chunk.transpose()?, upstream))
        })
    }

    /// The next chunk, rewritten or as it is.
    async fn next(&mut self) -> reqwest::Result<Option<Bytes>> {
        while let Some(mut chunk) = self.response.chunk().await? {
            let arrived = Instant::now();
            if let Some(rewriter) = &mut self.rewriter {
                chunk = rewriter.rewrite(&chunk);
            }
            if !chunk.is_empty() {
                self.clock.start(arrived);
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }
}

/// Whether the same request may have an answer later.
fn is_temporary(error: &reqwest::Error) -> bool {
    !error.is_builder() && !error.is_redirect()
}

/// After an error the connection is closed in the middle of the body, so the client notices.
fn body(chunks: impl Chunks) -> Body {
    StreamBody::new(chunks.map_ok(Frame::data)).boxed_unsync()
}

/// Without the headers of a single connection, and those that are set anew.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::HOST,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
    ] {
        headers.remove(name);
    }
    headers
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let body = Full::from(text).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
