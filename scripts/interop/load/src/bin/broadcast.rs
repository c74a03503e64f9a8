//! Many clients of one server, and events that are sent to all of them, one after the other. Prints
//! what they cost that server, as JSON.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use argh::FromArgs;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use load::AnyError;
use serde_json::json;
use sse_wire::Decoder;
use sse_wire::headers::Answer;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// How many connections are opened at a time: the server's queue for them is not endless.
const AT_ONCE: usize = 100;
const PATIENCE: Duration = Duration::from_secs(60);
/// Until the memory that is needed only while a connection opens is free again.
const REST: Duration = Duration::from_secs(1);

/// Opens many streams of one server and sends events to all of them.
#[derive(FromArgs)]
struct Options {
    #[argh(positional)]
    server: SocketAddr,

    /// the process of the server
    #[argh(option)]
    pid: u32,

    /// how many clients there are
    #[argh(option)]
    clients: usize,

    /// how many events are sent
    #[argh(option)]
    events: usize,

    /// how long the data of an event is, in bytes
    #[argh(option)]
    size: usize,
}

fn main() -> Result<(), AnyError> {
    let options: Options = argh::from_env();
    let runtime = Runtime::new()?;
    let (mut report, decoders) = runtime.block_on(measure(&options))?;
    // From here on nothing else frees memory.
    drop(runtime);
    report["decoder"] = json!(size(decoders) as f64 / options.clients as f64);
    println!("{report}");
    Ok(())
}

/// What decoders hold, in bytes: themselves and their buffers.
fn size(decoders: Vec<Decoder>) -> usize {
    let region = Region::new(ALLOCATOR);
    drop(decoders.into_boxed_slice());
    region.change().bytes_deallocated
}

async fn measure(options: &Options) -> Result<(serde_json::Value, Vec<Decoder>), AnyError> {
    let memory_without = memory(options.pid)?;
    let (sender, mut arrivals) = unbounded_channel();
    let mut clients = JoinSet::new();
    let opening = Instant::now();
    while clients.len() < options.clients {
        let more = AT_ONCE.min(options.clients - clients.len());
        for _ in 0..more {
            clients.spawn(client(options.server, options.events, sender.clone()));
        }
        arrive(&mut arrivals, more).await?;
    }
    drop(sender);
    let open = opening.elapsed();
    sleep(REST).await;
    let memory_idle = memory(options.pid)?;

    let cpu_before = cpu(options.pid)?;
    let (mut total, mut max, mut last) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for index in 0..options.events {
        let data = format!("{index:<width$}", width = options.size);
        let sent = Instant::now();
        load::send(options.server, data).await?;
        let delays = arrive(&mut arrivals, options.clients).await?;
        let delays = delays
            .into_iter()
            .map(|arrival| arrival.saturating_duration_since(sent));
        let slowest = delays.clone().max().unwrap_or_default();
        total += delays.sum::<Duration>();
        last.push(slowest);
        max = max.max(slowest);
    }
    let cpu = cpu(options.pid)?.since(cpu_before);
    let memory_after = memory(options.pid)?;

    let decoders = clients
        .join_all()
        .await
        .into_iter()
        .map(|client| client.map(|(decoder, _)| decoder))
        .collect::<Result<_, _>>()?;
    let (each, all) = (
        options.clients as f64,
        (options.clients * options.events) as f64,
    );
    let report = json!({
        "open_ms": milliseconds(open),
        "memory": (memory_after - memory_without) / each,
        "memory_idle": (memory_idle - memory_without) / each,
        "mean_ms": milliseconds(total) / all,
        "last_mean_ms": milliseconds(last.iter().sum()) / options.events as f64,
        "last_max_ms": milliseconds(max),
        "user_us": cpu.user * 1e6 / all,
        "system_us": cpu.system * 1e6 / all,
    });
    Ok((report, decoders))
}

/// Reads a greeting, and then the events, each of which has to be the next one. Reports when
/// each came. The connection stays open until the body is dropped.
async fn client(
    server: SocketAddr,
    events: usize,
    arrivals: UnboundedSender<Instant>,
) -> Result<(Decoder, Incoming), AnyError> {
    let response = load::get(server, "").await?;
    if load::answer(&response) != Answer::Decode {
        return Err(format!("the server answers {}", response.status()).into());
    }
    let (mut body, mut decoder, mut seen) = (response.into_body(), Decoder::new(), 0);
    while let Some(frame) = body.frame().await {
        let chunk = frame?.into_data().unwrap_or_default();
        let mut feed = decoder.feed(&chunk);
        while let Some(event) = feed.next_event() {
            let now = Instant::now();
            let event = event?;
            if event.event_type() != "hello" {
                if event.data().trim_end() != seen.to_string() {
                    return Err(format!("event {seen} is {:?}", event.data()).into());
                }
                seen += 1;
            }
            arrivals.send(now)?;
        }
        if seen == events {
            return Ok((decoder, body));
        }
    }
    Err(format!("the stream ends after {seen} events").into())
}

/// Waits for the next event of each of these clients.
async fn arrive(
    arrivals: &mut UnboundedReceiver<Instant>,
    count: usize,
) -> Result<Vec<Instant>, AnyError> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let arrival = timeout(PATIENCE, arrivals.recv()).await;
        let missing = || format!("{} of {count} clients got it", all.len());
        all.push(arrival.ok().flatten().ok_or_else(missing)?);
    }
    Ok(all)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The memory of a process, in bytes.
fn memory(pid: u32) -> Result<f64, AnyError> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("the process has no VmRSS")?
        .parse()?;
    Ok(kibibytes * 1024.0)
}

/// In seconds.
#[derive(Clone, Copy)]
struct Cpu {
    user: f64,
    system: f64,
}

impl Cpu {
    fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user - earlier.user,
            system: self.system - earlier.system,
        }
    }
}

fn cpu(pid: u32) -> Result<Cpu, AnyError> {
    /// On every Linux, whatever unit its kernel uses.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before the parenthesis may have spaces.
    let (_, fields) = stat.rsplit_once(") ").ok_or("no such field")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<f64>);
    let mut next = || -> Result<f64, AnyError> {
        Ok(ticks.next().ok_or("no such field")?? / TICKS_PER_SECOND)
    };
    Ok(Cpu {
        user: next()?,
        system: next()?,
    })
}
