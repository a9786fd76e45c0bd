//! Which server answers, as far as it tells or shows.

use super::exchange::turn;
use super::software::{Setting, Software};
use super::target::Target;
use crate::evidence::Exchange;
use crate::evidence::key::{SocketRole, SocketStep};

impl Target<'_> {
    /// Who answers: by SOFTWARE in any answer, else by what only one server does.
    pub(crate) fn software(&self) -> Software {
        *self.found.software.get_or_init(|| match self.names_itself() {
            Some(name) => Software::named(&name),
            None => self.behaves_as().unwrap_or(Software::Unknown),
        })
    }

    /// SOFTWARE, from whatever answer has it: some servers put it into successes only.
    pub(crate) fn names_itself(&self) -> Option<String> {
        let its = |one: &&Exchange| one.remote.ip() == self.remote.ip() && one.request.relay().is_none();
        let mut answers = self.seen.exchanges.iter().filter(its).filter_map(Exchange::reply);
        answers.find_map(|reply| reply.software.clone())
    }

    fn behaves_as(&self) -> Option<Software> {
        let turn = turn(self.find((SocketRole::First, SocketStep::Allocate))?)?;
        if let Some(software) = turn.realm.as_deref().and_then(Software::of_realm) {
            return Some(software);
        }
        // Password algorithms, and no nonce of RFC 8489 to protect them with.
        if turn.algorithms.is_some() && !turn.password_algorithms_bit {
            return Some(Software::TurnRs);
        }
        // A login that nobody has is no bad request to anybody else.
        (self.stranger_code() == Some(400)).then_some(Software::Pion)
    }

    /// The error code that a user gets whom nobody has; `None` where that was not tried.
    pub(crate) fn stranger_code(&self) -> Option<u16> {
        self.code((SocketRole::Stranger, SocketStep::Login))
    }

    /// What to do at this server: see [`Software::cure`].
    pub(crate) fn cure(&self, todo: &str, settings: &[Setting]) -> String {
        self.software().cure(todo, settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;

    #[test]
    fn a_server_is_known_by_its_name_else_by_its_habits() {
        let challenge = |software: Option<&str>, realm: &str| {
            let mut scene = Scene::udp();
            scene.challenged("a", realm);
            scene.reply("a/allocate", |reply| reply.software = software.map(str::to_owned));
            scene
        };
        assert_eq!(challenge(Some("Coturn-4.6.1"), "livekit").target().software(), Software::Coturn);
        assert_eq!(challenge(None, "livekit").target().software(), Software::Livekit);
        let mut scene = challenge(None, "example.org");
        assert_eq!(scene.target().software(), Software::Unknown);
        scene.refused("stranger/login", 400);
        assert_eq!(scene.target().software(), Software::Pion);
    }
}
