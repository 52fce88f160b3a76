//! What sending reaches: a million events made on the fly, taken by a server process on this machine that
//! answers late, beside the ideal rate that the latency and the requests in flight allow.
//!
//! `DELIVERY_EVENTS` (1,000,000), `DELIVERY_LATENCY_MS` (300) and `DELIVERY_IN_FLIGHT` (32) change the run.
//! Without `--bench`, as under `cargo test`, it is a short trial whose figures mean nothing.

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::num::NonZeroU64;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use std::{env, fs, thread};

use meta_offline_events::client::{Client, Clock as _, SystemClock};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{Content, Event};
use meta_offline_events::value::{Amount, Currency, EventTime, Money, ProductId};
use meta_offline_events::wire::BatchLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The first argument of the process that serves; the latency follows.
const SERVE: &str = "--serve";
/// After how many events the sender's memory is looked at for the first time.
const EARLY: u64 = 100_000;
/// Room for 1,000 events with all match keys, so that nothing but the latency sets the ideal.
const BODY_BYTES: usize = 2_000_000;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some(SERVE), Some(latency)) => runtime.block_on(serve(Duration::from_millis(latency.parse()?))),
        _ => runtime.block_on(measure(&Plan::new()?)),
    }
}

struct Plan {
    events: u64,
    latency_ms: u64,
    in_flight: u64,
}

impl Plan {
    fn new() -> Outcome<Self> {
        let whole = env::args().any(|argument| argument == "--bench");
        let (events, latency_ms) = if whole { (1_000_000, 300) } else { (5_000, 5) };
        Ok(Self {
            events: setting("DELIVERY_EVENTS", events)?,
            latency_ms: setting("DELIVERY_LATENCY_MS", latency_ms)?,
            in_flight: setting("DELIVERY_IN_FLIGHT", 32)?,
        })
    }

    /// Events in a second, were every request full and took it nothing but the latency.
    fn ideal(&self) -> f64 {
        number(self.in_flight * BatchLimits::MAX_EVENTS as u64 * 1000) / number(self.latency_ms)
    }
}

fn setting(name: &str, otherwise: u64) -> Outcome<u64> {
    env::var(name)
        .map_or(Ok(otherwise), |text| text.parse().map_err(|_| format!("{name} is a number").into()))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn number(whole: u64) -> f64 {
    whole as f64
}

async fn measure(plan: &Plan) -> Outcome<()> {
    let mut other_side = Server::start(plan.latency_ms)?;
    let client = Client::builder("123456789012345".parse()?, "not-a-real-token".parse()?)
        .loopback_endpoint(other_side.url.parse()?)
        .batch_limits(BatchLimits::new(BatchLimits::MAX_EVENTS, BODY_BYTES).ok_or("no limits")?)
        .in_flight(usize::try_from(plan.in_flight)?)
        .build()?;
    let mut sales = Sales::new(plan.events)?;

    let start = SystemClock.elapsed();
    let report = client.deliver(&mut sales).await;
    let seconds = SystemClock.elapsed().saturating_sub(start).as_secs_f64();

    let seen = other_side.stop()?;
    let (events, ideal) = (report.events().accepted, plan.ideal());
    let rate = number(events) / seconds;
    writeln!(
        io::stdout(),
        "delivery: {events} events in {} requests, {seconds:.3} s, {rate:.0} events/s, ideal {ideal:.0}, \
         share {:.1} %, peak memory {} kB at {EARLY} events and {} kB at the end, server saw {seen}",
        report.requests().made,
        100.0 * rate / ideal,
        sales.early_peak,
        peak_memory(),
    )?;
    if events == plan.events {
        Ok(())
    } else {
        Err(format!("not all accepted: {:?}", report.events()).into())
    }
}

/// The most memory that this process has held, in kB; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}

/// Sales of a few customers, each with an order of its own, made when they are asked for.
struct Sales {
    customers: Vec<UserData>,
    now: EventTime,
    product: ProductId,
    price: Amount,
    made: u64,
    wanted: u64,
    early_peak: u64,
}

impl Sales {
    fn new(wanted: u64) -> Outcome<Self> {
        Ok(Self {
            customers: (0..1000).map(customer).collect::<Result<_, _>>()?,
            now: SystemClock.now(),
            product: "TEA-250".parse()?,
            price: "21.99".parse()?,
            made: 0,
            wanted,
            early_peak: 0,
        })
    }
}

impl Iterator for Sales {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if self.made == EARLY {
            self.early_peak = peak_memory();
        }
        if self.made == self.wanted {
            return None;
        }
        let customer = &self.customers[usize::try_from(self.made).ok()? % self.customers.len()];
        self.made += 1;
        Event::builder(self.now, customer.clone())
            .order_id(format!("A{:09}", self.made).parse().ok()?)
            .value(Money::new(self.price, Currency::EUR))
            .product(Content::new(self.product.clone(), NonZeroU64::MIN).item_price(self.price))
            .build()
            .ok()
    }
}

/// A customer with all 11 match keys that are hashed.
fn customer(number: u64) -> Outcome<UserData> {
    let (email, phone) = (format!("customer.{number}@example.com"), format!("+1 650 555 {number:04}"));
    let customer = UserData::builder()
        .email(&email)
        .phone(&phone)
        .first_name("Mary")
        .last_name("Smith-Jones")
        .birth_date("2/16/1997")
        .gender("Female")
        .city("San Francisco")
        .state("California")
        .postal_code("94035-1234")
        .country("United States")
        .external_id(&email);
    Ok(customer.build()?)
}

/// The other process: it ends when its standard input does.
struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    fn start(latency_ms: u64) -> Outcome<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args([SERVE, &latency_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or("no output")?;
        let mut server = Self { process, input, output: BufReader::new(output), url: String::new() };
        server.url = format!("http://{}", server.line()?);
        Ok(server)
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn stop(&mut self) -> Outcome<String> {
        self.input = None;
        let seen = self.line()?;
        self.process.wait()?;
        Ok(seen)
    }
}

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// Serves until standard input ends, then says what it saw.
async fn serve(latency: Duration) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let (events, connections) = (RECEIVED.load(Relaxed), CONNECTIONS.load(Relaxed));
        let _ = writeln!(io::stdout(), "{events} events on {connections} connections of HTTP/1.1");
        std::process::exit(0);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        CONNECTIONS.fetch_add(1, Relaxed);
        tokio::spawn(answer_all(stream, latency));
    }
}

/// The opening braces of an event in a body: its own, its customer's, its sale's and its product's. They
/// are quicker to count than JSON is to read.
const BRACES: usize = 4;

/// One connection of HTTP/1.1: bodies with a length, counted and thrown away piece by piece.
async fn answer_all(mut stream: TcpStream, latency: Duration) -> Outcome<()> {
    stream.set_nodelay(true)?;
    let mut room = vec![0; 256 * 1024];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut room[filled..]).await?;
        filled += read;
        let Some(end) = room[..filled].windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            if read == 0 {
                return Ok(());
            }
            continue;
        };
        let head = str::from_utf8(&room[..end])?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).ok_or("no length")?;
        let (mut missing, mut braces) = (length.trim().parse::<usize>()?, 0);
        let mut piece = end + 4..filled;
        loop {
            missing -= piece.len();
            braces += room[piece].iter().filter(|byte| **byte == b'{').count();
            if missing == 0 {
                break;
            }
            piece = 0..stream.read(&mut room).await?;
            if piece.is_empty() {
                return Ok(());
            }
        }
        filled = 0;
        SystemClock.sleep(latency).await;
        let received = (braces - 1) / BRACES;
        RECEIVED.fetch_add(received as u64, Relaxed);
        let json = format!(r#"{{"events_received":{received},"messages":[],"fbtrace_id":"x"}}"#);
        let length = json.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{json}").as_bytes()).await?;
    }
}
