//! Every command that measures or predicts, one row each.

use super::spec::{Key, Spec};
use super::{connect, discover, gateway, ice_gather, nat, peer_predict, turn};

/// Every command that measures or predicts.
pub const COMMANDS: &[&Spec] = &[
    &nat::spec::CLASSIFY,
    &discover::spec::DISCOVER,
    &turn::spec::TURN,
    &gateway::spec::GATEWAY,
    &ice_gather::spec::ICE_GATHER,
    &peer_predict::spec::PREDICT,
    &connect::spec::CONNECT,
];

/// The command of that name in one word (`Spec::id`).
#[must_use]
pub fn find(id: &str) -> Option<&'static Spec> {
    COMMANDS.iter().copied().find(|spec| spec.id() == id)
}

/// Every key that some command has, each once.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    let all = || COMMANDS.iter().flat_map(|spec| spec.keys);
    all().enumerate().filter(move |(at, key)| !all().take(*at).any(|other| other.name == key.name)).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, keys};
    use crate::measure::spec::Takes;

    #[test]
    fn what_is_declared_reads_well() {
        for spec in COMMANDS {
            assert!(spec.question.ends_with('?') && spec.how.ends_with('.'), "{}", spec.name);
            let codes: Vec<&str> = spec.exit.iter().map(|(code, _)| *code).collect();
            assert_eq!(codes, ["0", "1", "2", "3", "130"], "{}", spec.name);
            for (term, meaning) in spec.exit.iter().chain(spec.environment).chain(spec.examples) {
                assert!(meaning.ends_with(['.', '?']), "{}: {term}", spec.name);
            }
            for key in spec.keys {
                assert!(key.meaning.ends_with('.'), "{}: {}", spec.name, key.name);
                if let Takes::Words(words) = key.takes {
                    let unsaid: Vec<_> = words.iter().filter(|word| !key.meaning.contains(**word)).collect();
                    assert!(unsaid.is_empty() || key.name == "rfc3489", "{}: {unsaid:?}", key.name);
                }
            }
        }
    }

    #[test]
    fn a_key_means_the_same_everywhere() {
        for spec in COMMANDS {
            for key in spec.keys {
                assert!(keys().any(|one| one == key), "{}: {}", spec.name, key.name);
            }
        }
    }
}
