//! What a report asks of a finding, whatever the command.

use crate::evidence::Evidence;
use crate::measure::spec::Spec;
use crate::report::advice::advise;
use crate::report::document::{self, Advice, Families, NatFindings, Report};
use crate::report::exit::ExitClass;
use crate::report::fact::Fact;
use crate::report::privacy::Visitor;
use crate::report::require::Requirement;
use crate::report::view::Page;

/// What a command found, as the rest of the program sees it.
pub(crate) trait View {
    /// What the command promises.
    fn spec(&self) -> &'static Spec;

    /// Judges the evidence by the options: the same for a run that has just ended and for a report read back from a file.
    fn judge(&mut self, seen: &Evidence);

    /// Writes its part of the page, the verdict first.
    fn write(&self, page: &mut Page, report: &Report);

    /// Writes what stands below the advice.
    fn write_end(&self, page: &mut Page, report: &Report);

    /// What it means and what to do. What a command says of each of its own rows stands in the row.
    fn advise(&self, report: &Report) -> Vec<Advice> {
        advise(report)
    }

    /// What it says of the NATs in front of this host, if the command asks.
    fn nat(&self) -> Option<&NatFindings> {
        None
    }

    /// What a saved report does not say, so that it cannot be judged again.
    fn lacks(&self) -> Option<&'static str> {
        None
    }

    /// Whether what is required holds, with what was found instead or why it could not be told.
    fn check(&self, requirement: &Requirement) -> document::Requirement {
        requirement.check(self.nat().map_or(&Families::NONE, |nat| &nat.families))
    }

    /// What it comes to in names, words and numbers, for formats that know no more.
    fn facts(&self) -> Vec<Fact> {
        Vec::new()
    }

    /// Shows every text of it to the visitor: what it does not show is in no masked report.
    fn visit_private(&mut self, visitor: &mut Visitor);

    /// The class of its exit code, where nothing required is unmet or could not be told.
    fn exit_class(&self, required: &[document::Requirement]) -> ExitClass;
}
