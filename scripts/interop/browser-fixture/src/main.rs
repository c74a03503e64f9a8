//! Browsers read streams that break decoders. This compares what their `EventSource` saw with what
//! `sse_wire::Decoder` makes of the same bytes. The browser opens `/?reader=NAME`, the page reads
//! the streams and reports, and `/result/NAME` has the outcome.
//!
//! | route | what it does |
//! | --- | --- |
//! | `GET /` | the page (`page/`): reads every stream of the plan, and reports what it saw |
//! | `GET /plan` | the streams, with the event types to listen for |
//! | `GET /stream/READER/NUMBER` | the stream; when the reader comes back, 204, which ends it |
//! | `POST /report/READER/NUMBER` | what the page saw of a stream |
//! | `GET /result/READER` | the comparison, as JSON; 404 until every stream is reported |

mod compare;
mod draw;
mod firefox;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use argh::FromArgs;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use sse_wire::headers::{LAST_EVENT_ID, RESPONSE};
use tokio::net::TcpListener;
use tokio::time::sleep;

use compare::{Outcome, Seen};
use draw::{Ending, Stream};

const JAVASCRIPT: [(&str, &str); 1] = [("content-type", "text/javascript")];

/// This many pieces of a stream are sent one by one; the network may join the others.
const SENT_APART: usize = 50;

/// How long a connection lives after its last bytes before it breaks, so that they still arrive.
const BEFORE_A_BREAK: Duration = Duration::from_millis(30);

/// Serves streams that break decoders, and compares what browsers see with what sse-wire decodes.
#[derive(FromArgs)]
struct Options {
    /// port of 127.0.0.1 to listen on
    #[argh(option)]
    port: u16,

    /// what the streams are drawn from; the same seed gives the same streams
    #[argh(option, default = "1")]
    seed: u64,
}

struct Shared {
    streams: Vec<Stream>,
    /// By reader and stream.
    visits: Mutex<HashMap<(String, usize), Visit>>,
}

/// How one reader fared with one stream.
#[derive(Default)]
struct Visit {
    /// When the server had sent everything.
    ended: Option<Instant>,
    /// When the reader came back, and its `Last-Event-ID`: empty if it sent none.
    came_back: Option<(Instant, Vec<u8>)>,
    seen: Option<Seen>,
}

impl Visit {
    fn waited(&self) -> Option<Duration> {
        let (came_back, _) = self.came_back.as_ref()?;
        Some(came_back.duration_since(self.ended?))
    }
}

type App = State<Arc<Shared>>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let options: Options = argh::from_env();
    let shared = Arc::new(Shared {
        streams: draw::streams(options.seed),
        visits: Mutex::default(),
    });
    let app = Router::new()
        .route("/", get(Html(include_str!("../page/index.html"))))
        .route(
            "/read.js",
            get((JAVASCRIPT, include_str!("../page/read.js"))),
        )
        .route("/plan", get(plan))
        .route("/stream/{reader}/{number}", get(serve_stream))
        .route("/report/{reader}/{number}", post(report))
        .route("/result/{reader}", get(result))
        .layer(DefaultBodyLimit::disable())
        .with_state(shared);
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    // Else the kernel joins small pieces.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    axum::serve(listener, app).await
}

async fn plan(State(shared): App) -> impl IntoResponse {
    let types = shared.streams.iter().map(Stream::event_types);
    Json(types.collect::<Vec<_>>())
}

async fn serve_stream(
    State(shared): App,
    Path(key): Path<(String, usize)>,
    headers: HeaderMap,
) -> Response {
    if key.1 >= shared.streams.len() {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Some(visit) = lock(&shared.visits).get_mut(&key) {
        let id = headers
            .get(LAST_EVENT_ID)
            .map_or(&b""[..], |id| id.as_bytes());
        visit.came_back = Some((Instant::now(), id.to_vec()));
        return StatusCode::NO_CONTENT.into_response();
    }
    lock(&shared.visits).insert(key.clone(), Visit::default());
    (RESPONSE, body(shared, key)).into_response()
}

/// The stream in its pieces, and then its end: a proper one, or a broken connection.
fn body(shared: Arc<Shared>, key: (String, usize)) -> Body {
    let stream = &shared.streams[key.1];
    let pieces: Vec<_> = stream.pieces().map(Bytes::copy_from_slice).collect();
    let broken = stream.ending == Ending::Break;
    let pieces = stream::iter(pieces)
        .enumerate()
        .then(|(number, piece)| async move {
            if number < SENT_APART {
                sleep(Duration::from_millis(1)).await;
            }
            Ok(piece)
        });
    let end = stream::once(async move {
        if broken {
            sleep(BEFORE_A_BREAK).await;
        }
        if let Some(visit) = lock(&shared.visits).get_mut(&key) {
            visit.ended = Some(Instant::now());
        }
        if broken {
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        } else {
            Ok(Bytes::new())
        }
    });
    Body::from_stream(pieces.chain(end))
}

async fn report(
    State(shared): App,
    Path(key): Path<(String, usize)>,
    Json(seen): Json<Seen>,
) -> StatusCode {
    lock(&shared.visits).entry(key).or_default().seen = Some(seen);
    StatusCode::NO_CONTENT
}

async fn result(
    State(shared): App,
    Path(reader): Path<String>,
) -> Result<impl IntoResponse, StatusCode> {
    let visits = lock(&shared.visits);
    let outcomes: Option<Vec<Outcome>> = shared
        .streams
        .iter()
        .enumerate()
        .map(|(number, stream)| Outcome::of(stream, visits.get(&(reader.clone(), number))?))
        .collect();
    outcomes.map(Json).ok_or(StatusCode::NOT_FOUND)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
