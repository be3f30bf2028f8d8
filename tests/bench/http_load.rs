// HTTP/1.1 load generator, standard library only, so that measuring costs the measured machine as little as possible.
//
//   http_load PORT CONNECTIONS TOTAL REQUESTS [--first N]
//
// REQUESTS is a file with a request on each line: METHOD PATH, then a body and more headers, each behind a tab:
//
//   GET /fhir/r4/Account/01KB0C8D4R
//   POST /fhir/r4/Patient<TAB>{"resourceType":"Patient"}<TAB>If-None-Exist: identifier=x|1
//
// Each connection is a thread that keeps its connection, sends the next line and waits for the whole answer. Lines are taken in turn
// from line N (0) on, and again from the first one where TOTAL is more than there are. A bearer token stands in HTTP_LOAD_TOKEN.
// Refused is what is answered with another status than 2xx. Prints one JSON object.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

struct Job {
    port: u16,
    total: u64,
    first: u64,
    requests: Vec<Vec<u8>>,
    next: AtomicU64,
}

#[derive(Default)]
struct Tally {
    micros: Vec<u64>,
    refused: u64,
    errors: u64,
}

fn request(line: &str, port: u16, token: &str) -> Vec<u8> {
    let mut parts = line.split('\t');
    let target = parts.next().unwrap_or("");
    let body = parts.next().unwrap_or("");
    let mut found = format!("{target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/fhir+json\r\n");
    if !token.is_empty() {
        found.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    for header in parts {
        found.push_str(&format!("{header}\r\n"));
    }
    if !body.is_empty() {
        found.push_str(&format!("Content-Type: application/fhir+json\r\nContent-Length: {}\r\n", body.len()));
    }
    found.push_str("\r\n");
    found.push_str(body);
    found.into_bytes()
}

/// The status of the answer, read to its end.
fn exchange(stream: &mut BufReader<TcpStream>, request: &[u8]) -> std::io::Result<u16> {
    stream.get_mut().write_all(request)?;
    let (mut status, mut length, mut line) = (0, None, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if status == 0 {
            status = text.split(' ').nth(1).and_then(|found| found.parse().ok()).unwrap_or(599);
        } else if let Some((name, value)) = text.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
    }
    if request.starts_with(b"HEAD ") || matches!(status, 204 | 304) {
        return Ok(status);
    }
    // What tells no length ends with its connection: no server that is measured here does so.
    let length: usize = length.ok_or(std::io::ErrorKind::InvalidData)?;
    let mut body = vec![0u8; length];
    stream.read_exact(&mut body)?;
    Ok(status)
}

impl Job {
    fn connect(&self) -> std::io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
        Ok(BufReader::with_capacity(1 << 16, stream))
    }

    /// One connection's life: take the next request until none is left or the connection fails.
    fn run(&self) -> Tally {
        let mut tally = Tally::default();
        let mut stream = self.connect().ok();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.total {
                return tally;
            }
            let request = &self.requests[((self.first + number) % self.requests.len() as u64) as usize];
            let begun = Instant::now();
            match stream.as_mut().and_then(|open| exchange(open, request).ok()) {
                None => {
                    tally.errors += 1;
                    return tally;
                }
                Some(status) => {
                    tally.micros.push(begun.elapsed().as_micros() as u64);
                    if !(200..300).contains(&status) {
                        tally.refused += 1;
                    }
                }
            }
        }
    }
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
    if arguments.len() < 5 {
        eprintln!("usage: http_load PORT CONNECTIONS TOTAL REQUESTS [--first N]");
        std::process::exit(2);
    }
    let port: u16 = arguments[1].parse().expect("PORT is a number");
    let connections: usize = arguments[2].parse().expect("CONNECTIONS is a number");
    let option = |name: &str| arguments.iter().position(|found| found == name).and_then(|at| arguments.get(at + 1)).cloned();
    let token = std::env::var("HTTP_LOAD_TOKEN").unwrap_or_default();
    let text = std::fs::read_to_string(&arguments[4]).expect("the requests cannot be read");
    let requests: Vec<Vec<u8>> = text.lines().filter(|line| !line.is_empty()).map(|line| request(line, port, &token)).collect();
    assert!(!requests.is_empty(), "there is no request in the file");
    let job = Job {
        port,
        total: arguments[3].parse().expect("TOTAL is a number"),
        first: option("--first").map_or(0, |found| found.parse().expect("--first is a number")),
        requests,
        next: AtomicU64::new(0),
    };
    let begun = Instant::now();
    let tallies = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(|| job.run())).collect();
        threads.into_iter().map(|thread| thread.join().expect("a connection's thread failed")).collect()
    });
    report(connections, begun.elapsed().as_secs_f64(), tallies);
}
