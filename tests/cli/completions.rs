//! Completions as the shells themselves see them: each that is installed sources its script and is asked.

use std::path::Path;
use std::process::{Command, Stdio};

use super::run;

/// What each line that was typed may go on with, whatever the shell: among what is offered is this, and not that.
const TYPED: [(&str, &str, &str); 19] = [
    ("nat-probe ", "classify", "man"),
    ("nat-probe cl", "classify", "turn"),
    ("nat-probe classify --req", "--require", "--redact"),
    ("nat-probe classify --require ", "mapping=", "turn="),
    ("nat-probe classify --require mapping=", "mapping=endpoint-independent", "mapping=ok"),
    (
        "nat-probe classify --require ipv6.mapping=none,a",
        "ipv6.mapping=none,address-dependent",
        "ipv6.mapping=none,none",
    ),
    ("nat-probe classify --require=mapping=n", "--require=mapping=none", "--require=mapping=endpoint-independent"),
    ("nat-probe discover --transport udp,t", "udp,tcp", "udp,udp"),
    ("nat-probe turn --transport dt", "dtls", "tls"),
    ("nat-probe classify --interface ", "lo", "mapping="),
    ("nat-probe classify --simulate sym", "symmetric", "full-cone"),
    ("nat-probe turn --simulate turn-q", "turn-quota", "symmetric"),
    ("nat-probe --explain no-an", "no-answer", "no-address"),
    ("nat-probe peer predict nat:sy", "nat:symmetric", "nat:none"),
    (
        "nat-probe peer predict nat:symmetric nat:endpoint-independent,f",
        "nat:endpoint-independent,full-cone",
        "nat:full-cone",
    ),
    ("nat-probe peer connect --simulate full-cone --there sym", "symmetric", "full-cone"),
    ("nat-probe explain --require cert", "certain=", "no="),
    ("nat-probe explain --require no=one", "no=one-way", "no=any"),
    ("nat-probe help cl", "classify", "man"),
];

/// A shell with the program in its path. What Windows has by such a name runs on another system beside it.
fn shell(name: &str, arguments: &[&str], script: &str) -> Option<String> {
    if cfg!(windows) {
        eprintln!("SKIPPED: {name} is no shell of this system");
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_nat-probe")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(name);
    command.args(arguments).arg(script).env("PATH", path).env("HOME", home.path()).env("LC_ALL", "C.UTF-8");
    let Ok(output) = command.stdin(Stdio::null()).output() else {
        eprintln!("SKIPPED: {name} is not installed");
        return None;
    };
    assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Asks for each line; between the answers stands a line of its own. Interfaces are called otherwise elsewhere.
fn check(
    name: &str,
    arguments: &[&str],
    before: &str,
    ask: impl Fn(&str) -> String,
    whole: impl Fn(&str, &str) -> String,
) {
    let lines = TYPED.into_iter().filter(|(line, ..)| cfg!(target_os = "linux") || !line.contains("--interface"));
    let lines: Vec<_> = lines.collect();
    let script: Vec<String> = lines.iter().map(|(line, ..)| format!("{}\necho '=='\n", ask(line))).collect();
    let completions = run(&format!("completions {name}")).stdout;
    let Some(answers) = shell(name, arguments, &format!("{before}{completions}\n{}", script.concat())) else { return };
    let answers: Vec<&str> = answers.split("==\n").collect();
    assert_eq!(answers.len(), lines.len() + 1, "{answers:?}");
    for ((line, offered, other), answer) in lines.into_iter().zip(answers) {
        let has = |wanted: &str| answer.lines().any(|one| whole(line, one) == wanted);
        assert!(has(offered), "{name}: {line}: {answer}");
        assert!(!has(other), "{name}: {line}: {answer}");
    }
}

/// The word that is typed last.
fn last(line: &str) -> &str {
    line.rsplit(' ').next().unwrap_or_default()
}

/// Bash breaks words at `=`, tells the function so, and puts in what is offered behind the last of them.
#[test]
fn bash_offers_what_may_stand_next() {
    let ask = |line: &str| {
        let parts = line.split(' ').map(|word| word.replace('=', " = ").replace(':', " : "));
        let words: Vec<String> = parts.collect();
        let mut words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
        if line.ends_with(' ') {
            words.push("''");
        }
        let current = words.len() - 1;
        format!(
            "COMP_WORDS=({})\nCOMP_CWORD={current}\n_nat_probe\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" ")
        )
    };
    let whole = |line: &str, offered: &str| {
        let typed = last(line);
        format!("{}{}", typed.rfind(['=', ':']).map_or("", |at| &typed[..=at]), offered.replace('\\', ""))
    };
    check("bash", &["--norc", "-c"], "", ask, whole);
}

#[test]
fn fish_offers_what_may_stand_next() {
    let ask = |line: &str| format!("complete -C '{line}'");
    let whole = |_: &str, offered: &str| offered.split('\t').next().unwrap_or_default().to_owned();
    check("fish", &["--no-config", "-c"], "", ask, whole);
}

#[test]
fn a_variable_that_no_script_set_is_told() {
    let mut strange = super::command(&["classify", "--simulate", "home-router"]);
    strange.env("NAT_PROBE_COMPLETE", "tcsh");
    let refused = super::finish(strange);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    assert!(refused.stderr.contains("NAT_PROBE_COMPLETE"), "{}", refused.stderr);
}

/// Zsh completes only where somebody types: what its function passes to the shell is looked at in place of that.
#[test]
fn zsh_offers_what_may_stand_next() {
    let ask = |line: &str| {
        let words: Vec<&str> = line.split(' ').map(|word| if word.is_empty() { "''" } else { word }).collect();
        format!("words=({})\nCURRENT={}\n_clap_dynamic_completer_nat_probe", words.join(" "), words.len())
    };
    // What follows the first colon that is not escaped describes it.
    let whole = |_: &str, offered: &str| {
        let word = offered.replace("\\:", "\0");
        word.split(':').next().unwrap_or_default().replace('\0', ":")
    };
    let before = "compdef() { }\n_describe() { print -rl -- \"${(@P)3}\" }\n";
    check("zsh", &["-f", "-c"], before, ask, whole);
}
