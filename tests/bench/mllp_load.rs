// MLLP load generator, standard library only, so that measuring costs the measured machine as little as possible.
//
//   mllp_load PORT CONNECTIONS TOTAL TEMPLATE [--pool N] [--prefix P] [--log FILE] [--once]
//
// Each connection is a thread that sends a message, waits for its answer and checks MSA-1 (AA or CA) and MSA-2.
// In the template {CTL} becomes a unique control id (prefix and running number), {MRN} one of `pool` numbers, {N} the
// running number, {TS} the present second in UTC. --log writes each positively acknowledged control id on a line.
// --once opens a connection for every message, for servers that close after one. Prints one JSON object.
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const START: u8 = 0x0b;
const END: [u8; 2] = [0x1c, 0x0d];
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);
const FIRST_MRN: u64 = 100_000;
const STRIDE: u64 = 7919; // a prime, so that neighbours in time are different patients

enum Piece {
    Text(Vec<u8>),
    ControlId,
    Mrn,
    Number,
    Timestamp,
}

struct Job {
    port: u16,
    total: u64,
    pool: u64,
    prefix: String,
    once: bool,
    template: Vec<Piece>,
    next: AtomicU64,
    log: Option<Mutex<BufWriter<File>>>,
}

#[derive(Default)]
struct Tally {
    micros: Vec<u64>,
    refused: u64,
    errors: u64,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found = vec![];
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = open + rest[open..].find('}').expect("an unclosed brace in the template");
        found.push(Piece::Text(rest[..open].as_bytes().to_vec()));
        found.push(match &rest[open + 1..close] {
            "CTL" => Piece::ControlId,
            "MRN" => Piece::Mrn,
            "N" => Piece::Number,
            "TS" => Piece::Timestamp,
            other => panic!("unknown placeholder {other}"),
        });
        rest = &rest[close + 1..];
    }
    found.push(Piece::Text(rest.as_bytes().to_vec()));
    found
}

/// YYYYMMDDHHMMSS in UTC; the civil date is counted in eras of 400 years that begin on 1 March.
fn timestamp() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

impl Job {
    fn frame(&self, number: u64, control_id: &str) -> Vec<u8> {
        let now = timestamp();
        let mut frame = vec![START];
        for piece in &self.template {
            match piece {
                Piece::Text(text) => frame.extend_from_slice(text),
                Piece::ControlId => frame.extend_from_slice(control_id.as_bytes()),
                Piece::Mrn => write!(frame, "{}", FIRST_MRN + number * STRIDE % self.pool).unwrap(),
                Piece::Number => write!(frame, "{number}").unwrap(),
                Piece::Timestamp => frame.extend_from_slice(now.as_bytes()),
            }
        }
        frame.extend_from_slice(&END);
        frame
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
        Ok(stream)
    }

    /// One connection's life: take the next number until none is left or the connection fails.
    fn run(&self) -> Tally {
        let mut tally = Tally::default();
        let mut stream = None;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.total {
                return tally;
            }
            let control_id = format!("{}-{}", self.prefix, number);
            let frame = self.frame(number, &control_id);
            let begun = Instant::now();
            if self.once {
                stream = None;
            }
            if stream.is_none() {
                stream = self.connect().ok();
            }
            match stream.as_mut().and_then(|open| exchange(open, &frame).ok()) {
                None => {
                    tally.errors += 1;
                    return tally;
                }
                Some(reply) => {
                    tally.micros.push(begun.elapsed().as_micros() as u64);
                    if !is_positive(&reply, &control_id) {
                        tally.refused += 1;
                    } else if let Some(log) = &self.log {
                        writeln!(log.lock().unwrap(), "{control_id}").unwrap();
                    }
                }
            }
        }
    }
}

fn exchange(stream: &mut TcpStream, frame: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(frame)?;
    let mut reply = Vec::with_capacity(512);
    let mut chunk = [0u8; 4096];
    while !reply.windows(2).any(|pair| pair == END) {
        match stream.read(&mut chunk)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            size => reply.extend_from_slice(&chunk[..size]),
        }
    }
    Ok(reply)
}

fn is_positive(reply: &[u8], control_id: &str) -> bool {
    let text = String::from_utf8_lossy(reply);
    let msa = text.split('\r').find(|segment| segment.starts_with("MSA|"));
    let fields: Vec<&str> = msa.unwrap_or("").trim_end_matches('\u{1c}').split('|').collect();
    fields.len() > 2 && matches!(fields[1], "AA" | "CA") && fields[2] == control_id
}

fn report(connections: usize, seconds: f64, tallies: Vec<Tally>) {
    let refused: u64 = tallies.iter().map(|tally| tally.refused).sum();
    let errors: u64 = tallies.iter().map(|tally| tally.errors).sum();
    let mut micros: Vec<u64> = tallies.into_iter().flat_map(|tally| tally.micros).collect();
    micros.sort_unstable();
    let at = |share: f64| {
        let last = micros.len().saturating_sub(1) as f64;
        micros.get((last * share).round() as usize).map_or(0.0, |found| *found as f64 / 1000.0)
    };
    println!(
        "{{\"connections\":{connections},\"messages\":{},\"seconds\":{seconds:.3},\"p50_ms\":{:.2},\"p95_ms\":{:.2},\
         \"p99_ms\":{:.2},\"max_ms\":{:.2},\"refused\":{refused},\"errors\":{errors}}}",
        micros.len(), at(0.5), at(0.95), at(0.99), at(1.0)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| arguments.iter().position(|found| found == name).and_then(|at| arguments.get(at + 1)).cloned();
    if arguments.len() < 5 {
        eprintln!("usage: mllp_load PORT CONNECTIONS TOTAL TEMPLATE [--pool N] [--prefix P] [--log FILE] [--once]");
        std::process::exit(2);
    }
    let text = std::fs::read_to_string(&arguments[4]).expect("the template cannot be read");
    let job = Job {
        port: arguments[1].parse().expect("PORT is a number"),
        total: arguments[3].parse().expect("TOTAL is a number"),
        pool: option("--pool").map_or(5000, |found| found.parse().expect("--pool is a number")),
        prefix: option("--prefix").unwrap_or_else(|| format!("L{}", std::process::id())),
        once: arguments.iter().any(|found| found == "--once"),
        template: pieces(&text.replace("\r\n", "\r").replace('\n', "\r")),
        next: AtomicU64::new(0),
        log: option("--log").map(|path| Mutex::new(BufWriter::new(File::create(path).expect("the log cannot be made")))),
    };
    let connections: usize = arguments[2].parse().expect("CONNECTIONS is a number");
    let begun = Instant::now();
    let tallies = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(|| job.run())).collect();
        threads.into_iter().map(|thread| thread.join().expect("a connection's thread failed")).collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(log) = &job.log {
        log.lock().unwrap().flush().expect("the log cannot be written");
    }
    report(connections, seconds, tallies);
}
