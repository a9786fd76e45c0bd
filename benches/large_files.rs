//! Large files: the program explains each in less than 3 s, with less than 200 MB of memory. A bar missed is an error.

fn main() {
    // `cargo test --benches` runs this too, with another flag: that is no time for files of a hundred megabytes.
    if std::env::args().any(|argument| argument == "--bench") {
        #[cfg(unix)]
        measured::run();
        #[cfg(not(unix))]
        println!("SKIPPED: how much memory a program took is asked of Unix");
    }
}

#[cfg(unix)]
mod measured {
    use std::fs::File;
    use std::io::{BufWriter, Write};
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use nix::sys::resource::{UsageWho, getrusage};

    const MB: usize = 1_000_000;
    const LONGEST_S: f64 = 3.0;
    const MOST_MB: i64 = 200;

    type Writer = fn(&mut dyn Write, usize);

    #[expect(clippy::disallowed_methods, reason = "this is what is measured")]
    pub(super) fn run() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut missed = false;
        for (name, size, write) in [
            ("capture of checks", 100 * MB, checks as Writer),
            ("capture of media", 100 * MB, media as Writer),
            ("capture of TURN over TCP", 100 * MB, stream as Writer),
            ("webrtc-internals, statistics", 50 * MB, statistics as Writer),
            ("webrtc-internals, events", 50 * MB, events as Writer),
            ("rtcstats", 50 * MB, rtcstats as Writer),
            ("getStats", 50 * MB, objects as Writer),
        ] {
            let path = folder.path().join("file");
            let mut file = BufWriter::new(File::create(&path).expect("a file"));
            write(&mut file, size);
            file.flush().expect("written");
            drop(file);
            let begun = Instant::now();
            let code = explain(&path);
            let seconds = begun.elapsed().as_secs_f64();
            // The most of all until now, in kibibytes.
            let memory = getrusage(UsageWho::RUSAGE_CHILDREN).expect("known").max_rss() / 1000;
            let over = seconds >= LONGEST_S || memory >= MOST_MB;
            missed |= over;
            let size = path.metadata().expect("a file").len() / 1_000_000;
            println!(
                "{name:<30} {size:>4} MB: {seconds:.2} s, at most {memory} MB, exit {code}{}",
                if over { "  MISSED" } else { "" }
            );
        }
        std::process::exit(i32::from(missed));
    }

    fn explain(path: &Path) -> i32 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nat-probe"));
        let status = command.arg("explain").arg(path).stdout(Stdio::null()).status().expect("it starts");
        status.code().expect("an exit code")
    }

    fn header(file: &mut dyn Write) {
        file.write_all(b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x65\0\0\0").expect("written");
    }

    /// A packet of raw IP, the number-th.
    fn packet(file: &mut dyn Write, number: usize, protocol: u8, body: &[u8]) -> usize {
        let time = u32::try_from(number).expect("few");
        let length = u32::try_from(20 + body.len()).expect("short");
        for word in [1_700_000_000 + time / 1000, time % 1000 * 1000, length, length] {
            file.write_all(&word.to_le_bytes()).expect("written");
        }
        let total = u16::try_from(length).expect("short").to_be_bytes();
        file.write_all(&[0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 2, 192, 0, 2, 7])
            .expect("written");
        file.write_all(body).expect("written");
        36 + body.len()
    }

    fn udp(payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(8 + payload.len()).expect("short").to_be_bytes();
        [&[0x9c, 0x40, 0x0d, 0x96, length[0], length[1], 0, 0], payload].concat()
    }

    fn message(id: usize, attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).expect("short").to_be_bytes();
        let id = (id as u64).to_be_bytes();
        [&[0, 1, length[0], length[1], 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0], &id[..], attributes].concat()
    }

    fn check(id: usize) -> Vec<u8> {
        message(id, b"\0\x06\0\x09aaaa:bbbb\0\0\0\0\x24\0\x04\0\0\0\x07\x80\x2a\0\x08\0\0\0\0\0\0\0\0")
    }

    /// Nothing but checks, each with an id of its own.
    fn checks(file: &mut dyn Write, size: usize) {
        header(file);
        let (mut written, mut number) = (0, 0);
        while written < size {
            written += packet(file, number, 17, &udp(&check(number)));
            number += 1;
        }
    }

    fn media(file: &mut dyn Write, size: usize) {
        header(file);
        let mut written = packet(file, 0, 17, &udp(&check(0)));
        let mut number = 1;
        while written < size {
            written += packet(file, number, 17, &udp(&[0x80; 200]));
            number += 1;
        }
    }

    /// Segments as large as they come, full of small messages.
    fn stream(file: &mut dyn Write, size: usize) {
        header(file);
        let (mut written, mut number, mut at) = (0, 0, 0_u32);
        while written < size {
            let messages: Vec<u8> = (0..900).flat_map(|part| check(number * 900 + part)).collect();
            let head = [&[0x9c, 0x40, 0x0d, 0x96][..], &at.to_be_bytes(), &[0, 0, 0, 0, 0x50, 0x18, 0, 0, 0, 0, 0, 0]]
                .concat();
            at = at.wrapping_add(u32::try_from(messages.len()).expect("short"));
            written += packet(file, number, 6, &[head, messages].concat());
            number += 1;
        }
    }

    fn statistics(file: &mut dyn Write, size: usize) {
        file.write_all(
            b"{\n \"PeerConnections\": {\n  \"1-1\": {\n   \"rtcConfiguration\": \"{}\",\n   \"stats\": {\n",
        )
        .expect("written");
        let values = (0..1000).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        let mut written = 0;
        for number in 0.. {
            for (kind, property) in
                [("inbound-rtp", "framesDecoded"), ("candidate-pair", "requestsSent"), ("outbound-rtp", "[a-b]")]
            {
                let series = format!(
                    "    \"{kind}{number}-{property}\": {{\n     \"startTime\": \"2026-11-27T10:00:00Z\",\n     \"endTime\": \"2026-11-27T10:16:40Z\",\n     \"statsType\": \"{kind}\",\n     \"values\": \"[{values}]\"\n    }},\n"
                );
                file.write_all(series.as_bytes()).expect("written");
                written += series.len();
            }
            if written > size {
                break;
            }
        }
        file.write_all(b"    \"x-y\": {}\n   },\n   \"updateLog\": []\n  }\n }\n}\n").expect("written");
    }

    fn events(file: &mut dyn Write, size: usize) {
        file.write_all(b"{\n \"PeerConnections\": {\n  \"1-1\": {\n   \"rtcConfiguration\": \"{}\",\n   \"stats\": {},\n   \"updateLog\": [\n").expect("written");
        let sdp = "v=0\\\\r\\\\nm=audio 9 UDP/TLS/RTP/SAVPF 0\\\\r\\\\na=ice-ufrag:abcd\\\\r\\\\n".to_owned()
            + &"a=rtpmap:96 VP8/90000\\\\r\\\\n".repeat(60);
        let mut written = 0;
        while written < size {
            for (kind, value) in [
                ("setLocalDescription", format!("{{\\\"type\\\":\\\"offer\\\",\\\"sdp\\\":\\\"{sdp}\\\"}}")),
                (
                    "onicecandidate",
                    format!(
                        "{{\\\"candidate\\\":\\\"candidate:1 1 udp 1 192.0.2.1 {} typ host\\\",\\\"sdpMid\\\":\\\"0\\\"}}",
                        written % 60_000
                    ),
                ),
                ("oniceconnectionstatechange", "\\\"checking\\\"".to_owned()),
            ] {
                let entry = format!(
                    "    {{\n     \"type\": \"{kind}\",\n     \"value\": \"{value}\",\n     \"timestamp\": 1700000000000.5\n    }},\n"
                );
                file.write_all(entry.as_bytes()).expect("written");
                written += entry.len();
            }
        }
        file.write_all(b"    {}\n   ]\n  }\n }\n}\n").expect("written");
    }

    fn rtcstats(file: &mut dyn Write, size: usize) {
        file.write_all(b"RTCStatsDump\n{\"fileFormat\":3}\n[39,\"pc-0\",{\"iceServers\":[]},1700000000000]\n")
            .expect("written");
        let mut written = 0;
        while written < size {
            let line = format!(
                "[\"g\",\"pc-0\",{{\"0\":{{\"type\":6,\"118\":\"in-progress\",\"156\":{written}}},\"1\":{{\"type\":1,\"50\":7}},\"t\":1}},1000]\n"
            );
            file.write_all(line.as_bytes()).expect("written");
            written += line.len();
        }
    }

    fn objects(file: &mut dyn Write, size: usize) {
        file.write_all(b"[\n").expect("written");
        let mut written = 0;
        for number in 0.. {
            let kind = if number % 10 == 0 { "candidate-pair" } else { "inbound-rtp" };
            let object = format!(
                "  {{\n    \"id\": \"{number}\",\n    \"type\": \"{kind}\",\n    \"timestamp\": 1700000000000.5,\n    \"state\": \"failed\",\n    \"jitter\": 0.25,\n    \"packetsReceived\": {number}\n  }},\n"
            );
            file.write_all(object.as_bytes()).expect("written");
            written += object.len();
            if written > size {
                break;
            }
        }
        file.write_all(b"  {}\n]\n").expect("written");
    }
}
