//! What sending reaches: a million events made on the fly, taken by a server process on this machine that
//! answers late, beside the ideal rates that the latency and the requests in flight allow, and the processor time
//! that it takes. A client sends twice: until its first batch is accepted, it makes one request at a time.
//!
//! `DELIVERY_EVENTS` (1,000,000), `DELIVERY_LATENCY_MS` (300), `DELIVERY_IN_FLIGHT` (32) and `DELIVERY_BYTES`
//! (2,000,000, the most bytes of a body) change the run. Without `--bench`, as under `cargo test`, it is a short trial whose figures mean nothing.

use std::error::Error;
use std::hint::black_box;
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
const BODY_BYTES: u64 = 2_000_000;

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
    bytes: u64,
}

impl Plan {
    fn new() -> Outcome<Self> {
        let whole = env::args().any(|argument| argument == "--bench");
        let (events, latency_ms) = if whole { (1_000_000, 300) } else { (5_000, 5) };
        Ok(Self {
            events: setting("DELIVERY_EVENTS", events)?,
            latency_ms: setting("DELIVERY_LATENCY_MS", latency_ms)?,
            in_flight: setting("DELIVERY_IN_FLIGHT", 32)?,
            bytes: setting("DELIVERY_BYTES", BODY_BYTES)?,
        })
    }

    /// Seconds, were so many requests always in flight, all of them full, and took each nothing but the latency.
    fn plain_ideal(&self) -> f64 {
        let requests = number(self.events) / number(BatchLimits::MAX_EVENTS as u64);
        requests / number(self.in_flight) * self.seconds(1)
    }

    /// How many times the latency passes at least before so many requests are answered, if the first of them goes
    /// alone or none does.
    fn waves(&self, requests: u64, first_alone: bool) -> u64 {
        let alone = u64::from(first_alone);
        alone + requests.saturating_sub(alone).div_ceil(self.in_flight)
    }

    /// What so many waves take.
    fn seconds(&self, waves: u64) -> f64 {
        number(waves * self.latency_ms) / 1000.0
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
    let limits =
        BatchLimits::new(BatchLimits::MAX_EVENTS, usize::try_from(plan.bytes)?).ok_or("no limits")?;
    let client = Client::builder("123456789012345".parse()?, "not-a-real-token".parse()?)
        .loopback_endpoint(other_side.url.parse()?)
        .batch_limits(limits)
        .in_flight(usize::try_from(plan.in_flight)?)
        .build()?;
    run(plan, &client, "first run", true).await?;
    run(plan, &client, "second run", false).await?;
    writeln!(
        io::stdout(),
        "making the events alone: {:.0} ns each; server saw {}",
        making(plan)?,
        other_side.stop()?
    )?;
    Ok(())
}

/// Sends all events, and says what that took.
async fn run(plan: &Plan, client: &Client, name: &str, first_alone: bool) -> Outcome<()> {
    let mut sales = Sales::new(plan.events)?;
    let (start, cpu) = (SystemClock.elapsed(), CpuTime::so_far());
    let report = client.deliver(&mut sales).await;
    let seconds = SystemClock.elapsed().saturating_sub(start).as_secs_f64();
    let cpu = CpuTime::so_far().since(&cpu);

    let (events, requests) = (report.events().accepted, report.requests().made);
    if events != plan.events {
        return Err(format!("not all accepted: {:?}", report.events()).into());
    }
    let waves = plan.waves(requests, first_alone);
    writeln!(
        io::stdout(),
        "{name}: {events} events in {requests} requests, {seconds:.3} s, {:.0} events/s; \
         {:.1} % of the plain ideal of {:.3} s, {:.1} % of {waves} whole waves{} of {:.1} s together; \
         processor {:.0} ns an event and {:.0} of the system; \
         peak memory {} kB at {EARLY} events and {} kB at the end",
        number(events) / seconds,
        100.0 * plan.plain_ideal() / seconds,
        plan.plain_ideal(),
        100.0 * plan.seconds(waves) / seconds,
        if first_alone { " (the first request goes alone)" } else { "" },
        plan.seconds(waves),
        cpu.program / number(events),
        cpu.system / number(events),
        sales.early_peak,
        peak_memory(),
    )?;
    Ok(())
}

/// The processor time that it takes to make an event, without sending it.
fn making(plan: &Plan) -> Outcome<f64> {
    let sales = Sales::new(plan.events)?;
    let cpu = CpuTime::so_far();
    sales.for_each(|event| drop(black_box(event)));
    Ok(CpuTime::so_far().since(&cpu).program / number(plan.events))
}

/// The processor time of this process in nanoseconds; 0 where the system does not tell.
struct CpuTime {
    program: f64,
    system: f64,
}

impl CpuTime {
    fn so_far() -> Self {
        /// Linux counts here in hundredths of a second.
        const TICK: f64 = 1e7;
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // Behind the name, which may hold spaces, the times are the 12th and the 13th field.
        let behind_name = stat.rsplit(") ").next().unwrap_or_default();
        let mut times = behind_name.split(' ').skip(11).map(|ticks| ticks.parse::<u64>().unwrap_or(0));
        let mut next = || number(times.next().unwrap_or(0)) * TICK;
        Self { program: next(), system: next() }
    }

    fn since(&self, earlier: &Self) -> Self {
        Self { program: self.program - earlier.program, system: self.system - earlier.system }
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
static REQUESTS: AtomicU64 = AtomicU64::new(0);
/// For how long the server kept its answers back, in microseconds, all together.
static KEPT_BACK: AtomicU64 = AtomicU64::new(0);

/// Serves until standard input ends, then says what it saw.
async fn serve(latency: Duration) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let (events, connections) = (RECEIVED.load(Relaxed), CONNECTIONS.load(Relaxed));
        let kept_back = number(KEPT_BACK.load(Relaxed)) / number(REQUESTS.load(Relaxed)) / 1000.0;
        let _ = writeln!(
            io::stdout(),
            "{events} events on {connections} connections of HTTP/1.1, and kept each answer back for {kept_back:.2} ms"
        );
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
        let start = SystemClock.elapsed();
        SystemClock.sleep(latency).await;
        let kept_back = SystemClock.elapsed().saturating_sub(start);
        KEPT_BACK.fetch_add(u64::try_from(kept_back.as_micros())?, Relaxed);
        REQUESTS.fetch_add(1, Relaxed);
        let received = (braces - 1) / BRACES;
        RECEIVED.fetch_add(received as u64, Relaxed);
        let json = format!(r#"{{"events_received":{received},"messages":[],"fbtrace_id":"x"}}"#);
        let length = json.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{json}").as_bytes()).await?;
    }
}
