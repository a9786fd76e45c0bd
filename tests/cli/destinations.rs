//! Where output goes that goes to no new file: standard output by its names, devices, pipes, links.

use super::{command, finish, run};

const FORMATS: [&[&str]; 4] = [&[], &["--json"], &["--ndjson"], &["--format", "prometheus"]];

fn written(to: &str, format: &[&str]) -> super::Run {
    let arguments = [&["classify", "--simulate", "home-router", "-o", to], format].concat();
    finish(command(&arguments))
}

#[test]
fn a_dash_is_standard_output() {
    for format in FORMATS {
        let usual = run(&format!("classify --simulate home-router {}", format.join(" "))).stdout;
        let run = written("-", format);
        assert_eq!((run.code, run.stdout, run.stderr.as_str()), (Some(0), usual, ""), "{format:?}");
    }
    assert!(!std::path::Path::new("-").exists());
}

/// Whoever wants the exit code alone.
#[test]
fn the_null_device_takes_everything() {
    let names: &[&str] = if cfg!(windows) { &["NUL", "nul", r"\\.\NUL"] } else { &["/dev/null"] };
    for name in names {
        for format in FORMATS {
            let run = written(name, format);
            assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""), "{name} {format:?}");
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{FORMATS, written};

    fn shell(script: &str, folder: &Path) -> std::process::Output {
        let program = env!("CARGO_BIN_EXE_nat-probe");
        let output = Command::new("sh").args(["-c", script, program]).current_dir(folder).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{script}: {output:?}");
        output
    }

    /// Into a pipe, and into a file behind what another program wrote there.
    #[test]
    fn standard_output_has_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        for format in FORMATS {
            let usual = super::run(&format!("classify --simulate home-router --ascii {}", format.join(" "))).stdout;
            let call = format!("\"$0\" classify --simulate home-router --ascii {} -o /dev/stdout", format.join(" "));
            assert_eq!(String::from_utf8(shell(&call, folder.path()).stdout).unwrap(), usual);
            shell(&format!("(echo before; {call}; echo after) > log"), folder.path());
            assert_eq!(fs::read_to_string(folder.path().join("log")).unwrap(), format!("before\n{usual}after\n"));
        }
    }

    #[test]
    fn a_pipe_takes_the_report_whole() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for format in FORMATS {
            let usual = super::run(&format!("classify --simulate home-router {}", format.join(" "))).stdout;
            let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
            assert_eq!(written(pipe.to_str().unwrap(), format).code, Some(0), "{format:?}");
            let read = reader.wait_with_output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), usual, "{format:?}");
        }
        let nobody = written(pipe.to_str().unwrap(), &["--json"]);
        assert_eq!(nobody.code, Some(2));
        assert!(nobody.stderr.contains("pipe: nobody reads from it in 10 s"), "{}", nobody.stderr);
    }

    #[test]
    fn a_link_keeps_pointing_to_the_file_that_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [link, place] = ["link", "place"].map(|name| folder.path().join(name));
        for before in [false, true] {
            if before {
                fs::write(&place, "before").unwrap();
            }
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink("place", &link).unwrap();
            for format in FORMATS.into_iter().rev() {
                assert_eq!(written(link.to_str().unwrap(), format).code, Some(0));
                assert!(link.is_symlink());
                let usual = super::run(&format!("classify --simulate home-router {}", format.join(" "))).stdout;
                assert_eq!(fs::read_to_string(&link).unwrap(), usual);
            }
        }
    }
}
