//! No circle of files: whoever reads one file needs those that it uses, and never has to come back to it.
//!
//! A file uses another where it names something that stands there, directly or through a `pub use`. What a `mod.rs` only passes on is
//! no use; what stands in a `mod.rs` itself is.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, sources};

/// A module's path below the crate: `measure`, `turn`, `judge`.
type Path = Vec<String>;

/// A source file.
struct File {
    name: String,
    module: Path,
    /// Its code without comments and tests.
    text: String,
    /// The modules that it declares.
    children: BTreeSet<String>,
    /// What it passes on: the name by which others know it, and what it is. `*` for everything.
    passes_on: Vec<(String, Path)>,
    /// What it names of others, in `use` and elsewhere.
    names: Vec<Path>,
}

impl File {
    fn new(name: &str, text: &str) -> Self {
        let module = name.trim_start_matches("src/").trim_end_matches(".rs");
        let module: Path =
            module.split('/').filter(|part| !matches!(*part, "mod" | "lib")).map(str::to_owned).collect();
        let lines: Vec<&str> = code(name, text).into_iter().map(|(_, line)| line).collect();
        let text = without_places(&without_strings(&lines.join("\n")));
        let mut file = Self {
            name: name.to_owned(),
            module,
            text,
            children: BTreeSet::new(),
            passes_on: Vec::new(),
            names: Vec::new(),
        };
        file.read();
        file
    }

    fn read(&mut self) {
        let mut rest = String::new();
        let text = self.text.clone();
        for statement in text.split_inclusive([';', '{', '}']) {
            rest.push_str(statement);
            let line = rest.trim_start();
            let line = line.trim_start_matches(|c: char| c == '}' || c.is_whitespace());
            let (public, bare) = visibility(line);
            if let Some(child) = bare.strip_prefix("mod ").and_then(|child| child.strip_suffix(';')) {
                self.children.insert(child.trim().to_owned());
            } else if let Some(tree) = bare.strip_prefix("use ") {
                // A tree of braces goes on to its semicolon.
                if !statement.ends_with(';') {
                    continue;
                }
                for (path, known_as) in expand(tree.trim_end_matches(';'), "") {
                    let path = self.absolute(&path);
                    if public { self.passes_on.push((known_as, path)) } else { self.names.push(path) }
                }
            } else {
                let named = paths(&rest).map(|path| self.absolute(&path)).collect::<Vec<_>>();
                self.names.extend(named);
            }
            rest.clear();
        }
    }

    /// A path as it is from the crate on.
    fn absolute(&self, path: &str) -> Path {
        let mut found = self.module.clone();
        for (index, part) in path.split("::").map(str::trim).enumerate() {
            match part {
                "crate" => found.clear(),
                "self" => {}
                "super" => drop(found.pop()),
                _ if index == 0 && !self.children.contains(part) => return vec!["outside".to_owned()],
                _ => found.push(part.to_owned()),
            }
        }
        found
    }

    /// Whether it says what that is.
    fn defines(&self, name: &str) -> bool {
        let kinds = ["struct", "enum", "trait", "type", "fn", "const", "static", "union", "macro_rules!", "mod"];
        kinds.iter().any(|kind| {
            let item = format!("{kind} {name}");
            let mut ends = self.text.match_indices(&item).map(|(at, found)| at + found.len());
            ends.any(|end| !self.text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    }
}

/// Code without what stands between quotation marks.
fn without_strings(code: &str) -> String {
    let (mut text, mut inside, mut escaped) = (String::new(), false, false);
    for c in code.replace("'\"'", "").chars() {
        match c {
            '"' if !escaped => inside = !inside,
            _ if !inside => text.push(c),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    text
}

/// Code where nothing says for whom an item is: that names a place, and uses nothing that stands there.
fn without_places(code: &str) -> String {
    let mut parts = code.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + "pub" + part.split_once(')').map_or("", |(_, item)| item))
}

/// Whether an item is for others, and the item without its visibility and attributes.
fn visibility(item: &str) -> (bool, &str) {
    let mut item = item;
    while let Some(rest) = item.strip_prefix("#[") {
        item = rest.split_once(']').map_or("", |(_, rest)| rest).trim_start();
    }
    match item.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => (true, rest.split_once(')').map_or("", |(_, rest)| rest).trim_start()),
        Some(rest) if rest.starts_with(' ') => (true, rest.trim_start()),
        _ => (false, item),
    }
}

/// Every path of a tree of `use`, with the name by which it is known.
fn expand(tree: &str, before: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, known_as) = match tree.split_once(" as ") {
            Some((path, known_as)) => (path.trim(), known_as.trim().to_owned()),
            None => (tree, tree.rsplit("::").next().unwrap_or_default().to_owned()),
        };
        return if path.is_empty() { Vec::new() } else { vec![(format!("{before}{path}"), known_as)] };
    };
    let inner = tree[open + 1..].rsplit_once('}').map_or("", |(inner, _)| inner);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in inner.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (c, depth) {
            (',', 0) => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(c),
        }
    }
    parts.iter().flat_map(|part| expand(part, &format!("{before}{}", &tree[..open]))).collect()
}

/// The paths that a piece of code names, where they begin at a word of their own.
fn paths(code: &str) -> impl Iterator<Item = String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(move |c: char| !word(c)).filter(|path| path.contains("::")).map(|path| path.trim_matches(':').to_owned())
}

/// The files by module, and who uses whom.
struct Tree {
    files: BTreeMap<Path, File>,
}

impl Tree {
    fn new(sources: &[(String, String)]) -> Self {
        let files = sources.iter().map(|(name, text)| File::new(name, text));
        Self { files: files.map(|file| (file.module.clone(), file)).collect() }
    }

    /// The file where what is named so stands.
    fn stands_in(&self, path: &[String], depth: usize) -> Option<&File> {
        let (known, file) = (0..=path.len()).rev().find_map(|len| Some((len, self.files.get(&path[..len])?)))?;
        let Some(name) = path.get(known).filter(|_| depth < 9) else { return Some(file) };
        if file.defines(name) {
            return Some(file);
        }
        let mut passed = file.passes_on.iter();
        if let Some((_, what)) = passed.clone().find(|(known_as, _)| known_as == name) {
            return self.stands_in(what, depth + 1);
        }
        let everything = passed.find_map(|(known_as, what)| {
            let whole = &what[..what.len().saturating_sub(1)];
            self.files.get(whole).filter(|other| known_as == "*" && other.defines(name))
        });
        Some(everything.unwrap_or(file))
    }

    /// Who uses whom.
    fn uses(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for file in self.files.values() {
            let named = file.names.iter().filter(|path| path.first().is_some_and(|first| first != "outside"));
            let others = named.filter_map(|path| self.stands_in(path, 0)).map(|other| other.name.as_str());
            uses.entry(&file.name).or_default().extend(others.filter(|other| *other != file.name));
        }
        uses
    }

    /// A way from a file back to itself, the shortest there is, for every file that is on none that was told already.
    fn circles(&self) -> Vec<String> {
        let uses = self.uses();
        let (mut told, mut circles) = (BTreeSet::new(), Vec::new());
        for &start in uses.keys() {
            if let Some(way) = round(&uses, start).filter(|_| !told.contains(start)) {
                circles.push(format!("{} -> {start}", way.join(" -> ")));
                told.extend(way);
            }
        }
        circles
    }
}

/// The shortest way from there back to there.
fn round<'t>(uses: &BTreeMap<&'t str, BTreeSet<&'t str>>, start: &'t str) -> Option<Vec<&'t str>> {
    let (mut ways, mut seen) = (vec![vec![start]], BTreeSet::new());
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for &other in &uses[way[way.len() - 1]] {
                if other == start {
                    return Some(way);
                }
                if seen.insert(other) {
                    longer.push([&way[..], &[other]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

#[test]
fn there_is_no_circle_of_files() {
    let circles = Tree::new(&sources("src")).circles();
    assert!(circles.is_empty(), "files that need each other: {circles:#?}");
}

fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Tree::new(&files).circles()
}

#[test]
fn a_circle_is_seen_through_what_a_folder_passes_on() {
    let folder = ("src/a/mod.rs", "mod b;\nmod c;\npub use b::{B, Other as Renamed};\npub(crate) use c::*;\n");
    let (b, c) = ("use super::C;\npub struct B;\npub struct Other;\n", "pub struct C;\n");
    assert_eq!(circles_of(&[folder, ("src/a/b.rs", b), ("src/a/c.rs", c)]), [""; 0]);
    for back in ["use super::{\n    B,\n};\n", "fn f() -> crate::a::Renamed;\n", "use crate::a::b;\n"] {
        let circles = circles_of(&[folder, ("src/a/b.rs", b), ("src/a/c.rs", &format!("{back}{c}"))]);
        assert_eq!(circles, ["src/a/b.rs -> src/a/c.rs -> src/a/b.rs"], "{back}");
    }
}

#[test]
fn what_stands_in_a_folder_itself_counts_and_tests_do_not() {
    let folder = "mod b;\npub const LIMIT: u32 = 1;\nfn f() {\n    b::g();\n}\n";
    let uses = "use super::LIMIT;\npub fn g() {}\n";
    let tested = "pub fn g() {}\n#[cfg(test)]\nmod tests {\n    use super::super::LIMIT;\n}\n";
    assert_eq!(circles_of(&[("src/a/mod.rs", folder), ("src/a/b.rs", uses)]).len(), 1);
    assert_eq!(circles_of(&[("src/a/mod.rs", folder), ("src/a/b.rs", tested)]), [""; 0]);
    let uses = "mod b;\nuse b::B;";
    assert_eq!(circles_of(&[("src/a/mod.rs", uses), ("src/a/b.rs", "pub(in crate::a) struct B {}\n")]), [""; 0]);
    assert_eq!(
        circles_of(&[("src/a/mod.rs", uses), ("src/a/b.rs", "pub(in crate::a) struct B(crate::a::C);\n")]).len(),
        1
    );
}
