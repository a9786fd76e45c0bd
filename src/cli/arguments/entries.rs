//! The servers that an application is given, with their credentials: URIs of the command line, and the entries of its configuration.

use std::path::Path;
use std::time::Duration;

use super::secrets;
use super::turn::LoginArgs;
use crate::cli::error::CliError;
use crate::cli::files::{self, Source};
use crate::measure::turn::{Entry, Login};
use crate::wire::credential::rest;
use crate::wire::ice_servers::{self, IceEntry, MOST_ENTRIES};
use crate::wire::{
    ConfigurationFacts, Credential, Look, Making, Remark, RemarkCode, Secret, ServerSpec, Transport, UriError,
};

/// How much later a user name is to expire that a server whose clock is ahead still takes.
const LATER_S: i64 = 10 * 365 * 86_400;

const ICE_SERVERS: &str =
    "a file with {\"iceServers\": [{\"urls\": \"turn:turn.example.org\", \"username\": ..., \"credential\": ...}]}";

const APPLICATION: &str = "homeserver.yaml of Matrix, the YAML of LiveKit, go2rtc or mediamtx, XML of XEP-0215 or BigBlueButton, Lua of Prosody, the JSON of Nextcloud Talk, a .env file";

/// The user of the simulated TURN servers that come with the program, and the password.
const DEMO: &str = "demo";

/// What the arguments name.
pub(in crate::cli) struct Asked<'a> {
    /// TURN servers.
    pub(in crate::cli) uris: Vec<String>,
    /// The file with an application's configuration.
    pub(in crate::cli) ice_servers: Option<&'a Path>,
    /// The file with a server's configuration, in which an application's servers stand.
    pub(in crate::cli) from_config: Option<&'a Path>,
    /// Who asks at the servers of the command line.
    pub(in crate::cli) login: &'a LoginArgs,
    /// What replaces the transports that the URIs name.
    pub(in crate::cli) transports: &'a [Transport],
    /// The servers are those of the simulated network, whose user nobody has to know.
    pub(in crate::cli) demo: bool,
    /// No notes.
    pub(in crate::cli) quiet: bool,
}

/// Reads an application's configuration.
pub(in crate::cli) fn configuration(path: &Path) -> Result<ice_servers::Configuration, CliError> {
    read(path, "the ICE servers in", ICE_SERVERS, ice_servers::read)
}

/// Reads a server's configuration, in which an application's servers stand.
fn application(path: &Path) -> Result<ice_servers::Configuration, CliError> {
    read(path, "the TURN servers in", APPLICATION, ice_servers::read_application)
}

/// Reads what clients are told, whichever of the two it is.
pub(in crate::cli) fn of_clients(path: &Path) -> Result<ice_servers::Configuration, CliError> {
    read(path, "the ICE servers in", APPLICATION, ice_servers::read_either)
}

type Reader = fn(&[u8]) -> Result<ice_servers::Configuration, String>;

fn read(
    path: &Path,
    what: &'static str,
    advice: &'static str,
    reader: Reader,
) -> Result<ice_servers::Configuration, CliError> {
    let source = Source { what, path, largest: ice_servers::LARGEST, advice, secret: false };
    reader(&source.read_bytes()?)
        .map_err(|cause| CliError::usage(format!("cannot read {what} {}: {cause}", files::name(path))).advise(advice))
}

/// Standard input can be read once.
fn one_standard_input(asked: &Asked) -> Result<(), CliError> {
    let login = asked.login;
    let files = [
        ("--ice-servers -", asked.ice_servers),
        ("--from-config -", asked.from_config),
        ("--secret-file -", login.secret_file.as_deref()),
        ("--password-file -", login.password_file.as_deref()),
    ];
    let from_files = files.into_iter().filter(|(_, path)| path.is_some_and(|path| path.as_os_str() == "-"));
    let all: Vec<&str> =
        from_files.map(|(option, _)| option).chain(login.password_stdin.then_some("--password-stdin")).collect();
    if all.len() < 2 {
        return Ok(());
    }
    Err(CliError::usage(format!("cannot read standard input more than once: {} all want it", all.join(" and ")))
        .advise("a file for all but one of them"))
}

/// What becomes the options, while it grows.
#[derive(Default)]
pub(in crate::cli) struct Draft {
    now_unix_s: i64,
    transports: Vec<Transport>,
    shared: Option<secrets::Found>,
    pub(in crate::cli) servers: Vec<ServerSpec>,
    pub(in crate::cli) credentials: Vec<Credential>,
    pub(in crate::cli) entries: Vec<Entry>,
    pub(in crate::cli) configuration: Option<ConfigurationFacts>,
}

impl Draft {
    /// What any entry is asked over.
    pub(in crate::cli) fn transports(&self) -> Vec<Transport> {
        let mut transports: Vec<Transport> = self.entries.iter().flat_map(|entry| entry.transports.clone()).collect();
        transports.sort_unstable();
        transports.dedup();
        transports
    }
}

impl Draft {
    /// Everything that is named, with whom to ask as.
    ///
    /// # Errors
    /// When a URI, a file or the credentials make no sense.
    pub(in crate::cli) fn read(asked: &Asked, now_unix_s: i64) -> Result<Self, CliError> {
        one_standard_input(asked)?;
        let shared = secrets::shared(asked.login)?;
        let mut draft = Self { now_unix_s, transports: asked.transports.to_vec(), shared, ..Self::default() };
        draft.arguments(asked)?;
        draft.ice_servers(asked)?;
        if draft.entries.len() > MOST_ENTRIES {
            return Err(CliError::usage(format!("cannot test {} entries in one run", draft.entries.len()))
                .advise(format!("at most {MOST_ENTRIES}; applications use a handful")));
        }
        Ok(draft)
    }

    /// The URIs of the command line.
    fn arguments(&mut self, asked: &Asked) -> Result<(), CliError> {
        if asked.uris.is_empty() {
            if asked.login.user.is_some() || secrets::is_given(asked.login) {
                return Err(CliError::usage("a user name or password was given, and no URI that it is for").advise(
                    "a turn: URI beside --ice-servers, or leave it out: the entries of --ice-servers have their own",
                ));
            }
            return Ok(());
        }
        let mut remarks = Vec::new();
        let login = self.login(asked, &mut remarks)?;
        for uri in &asked.uris {
            // The error's own words hide what looks like a password.
            let (spec, meant) = ServerSpec::parse_turn(uri).map_err(|error: UriError| {
                let told = CliError::usage(error.to_string());
                // Most say themselves what to write.
                if error.problem().contains("write ") {
                    told
                } else {
                    told.advise("turn:turn.example.org, or turns: for TLS")
                }
            })?;
            let entry =
                Entry { uri: spec.text.clone(), login: login.clone(), mistakes: remarks.clone(), ..Entry::default() };
            let usual = if spec.secure { Transport::Tls } else { Transport::Udp };
            self.add(entry, spec, meant.unwrap_or(usual));
        }
        Ok(())
    }

    /// Who asks at the servers of the command line.
    fn login(&mut self, asked: &Asked, remarks: &mut Vec<Remark>) -> Result<Option<Login>, CliError> {
        let given = asked.login;
        remarks.extend(self.shared.iter().filter_map(|shared| shared.remark.clone()));
        let shared = self.shared.as_ref().map(|shared| shared.secret.clone());
        match (&given.user, shared) {
            (None, None) if given.rest_user.is_some() => {
                Err(CliError::usage("cannot make credentials for --rest-user: there is no shared secret")
                    .advise(format!("--secret-file FILE, or the environment variable {}", secrets::SECRET)))
            }
            (None, None) if secrets::is_given(given) => {
                Err(CliError::usage("cannot use the password: there is no user name").advise("-u NAME beside it"))
            }
            // The simulated servers know a user of their own, who is tried where none was named.
            (None, None) if asked.demo => {
                Ok(Some(self.add_login(Credential { username: DEMO.to_owned(), password: Secret::new(DEMO) }, None)))
            }
            (None, None) => Ok(None),
            (None, Some(secret)) => Ok(Some(self.made(&secret, given.rest_user.as_deref(), given.ttl))),
            (Some(user), Some(secret)) if !secrets::beside_secret(given) => {
                Ok(Some(match rest::RestName::parse(user) {
                    rest::RestName::Expiry { unix_s, user } => {
                        let user = Some(user.as_str()).filter(|user| !user.is_empty());
                        self.add_login(rest::make(&secret, user, unix_s), Some(&secret))
                    }
                    _ => self.made(&secret, Some(user), given.ttl),
                }))
            }
            (Some(user), secret) => {
                let found = secrets::password(given, user, asked.quiet)?;
                remarks.extend(found.remark);
                let credential = Credential { username: user.clone(), password: found.secret };
                Ok(Some(self.add_login(credential, secret.as_ref())))
            }
        }
    }

    /// Credentials made with a shared secret, and others that expire much later.
    fn made(&mut self, secret: &Secret, user: Option<&str>, ttl: Duration) -> Login {
        let expiry = self.now_unix_s.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
        let later = rest::make(secret, user, self.now_unix_s.saturating_add(LATER_S));
        let login = self.add_login(rest::make(secret, user, expiry), Some(secret));
        let later_name = later.username.clone();
        self.credentials.push(later);
        Login { later: Some((self.credentials.len() - 1, later_name)), ..login }
    }

    pub(in crate::cli) fn add_login(&mut self, credential: Credential, secret: Option<&Secret>) -> Login {
        let (username, password) = (&credential.username, &credential.password);
        let login = Login {
            credential: self.credentials.len(),
            username: credential.username.clone(),
            exotic: !credential.password.expose().is_ascii(),
            matches_secret: secret.map(|secret| rest::matches(secret, username, password)),
            look: Some(Look::of(password)),
            made: secret.and_then(|secret| Making::of(secret, username, password)),
            later: None,
        };
        self.credentials.push(credential);
        login
    }

    /// One more entry, at that server; asked over what was wanted, else over what it means.
    pub(in crate::cli) fn add(&mut self, mut entry: Entry, mut spec: ServerSpec, meant: Transport) {
        entry.transports = if self.transports.is_empty() { vec![meant] } else { self.transports.clone() };
        entry.transports.sort_unstable();
        entry.transports.dedup();
        if let Some(plain) = entry.transports.iter().find(|transport| spec.secure && !transport.is_secure()) {
            entry.mistakes.push(Remark {
                code: RemarkCode::TransportWithoutTls,
                error: false,
                text: format!("turns: asks for TLS, and --transport {} asks without", plain.name()),
                fix: "leave --transport out, or write --transport tls".to_owned(),
            });
        }
        spec.transports = Some(entry.transports.clone());
        entry.server = Some(self.servers.len());
        self.servers.push(spec);
        self.entries.push(entry);
    }

    /// The entries of an application's configuration.
    fn ice_servers(&mut self, asked: &Asked) -> Result<(), CliError> {
        let read = match (asked.ice_servers, asked.from_config) {
            (Some(path), _) => configuration(path)?,
            (None, Some(path)) => application(path)?,
            (None, None) => return Ok(()),
        };
        let ice_servers::Configuration { facts, entries } = read;
        self.configuration = Some(facts);
        for found in entries {
            let IceEntry { uri, place, line, server, kind, login, mistakes, rejected } = found;
            let login = login.map(|login| match login {
                ice_servers::Login::Password(username, password) => {
                    let shared = self.shared.as_ref().map(|shared| shared.secret.clone());
                    self.add_login(Credential { username, password }, shared.as_ref())
                }
                ice_servers::Login::Shared(secret) => self.made(&secret, None, asked.login.ttl),
            });
            let line = Some(line);
            let entry = Entry { uri, place, line, kind, login, mistakes, rejected, ..Entry::default() };
            match server {
                Some((spec, meant)) => self.add(entry, spec, meant),
                None => self.entries.push(entry),
            }
        }
        Ok(())
    }
}
