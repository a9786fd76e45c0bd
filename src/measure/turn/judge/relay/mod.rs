//! What the relay does with data: each path through it ([`paths`]), what the sides saw ([`observed`]), what that means ([`table`]), and
//! what is wrong then ([`causes`]).

mod causes;
mod observed;
mod paths;
mod table;

pub(super) use causes::{Relaying, judge, remarks};
pub(super) use paths::judge as paths;
pub(super) use table::Meaning;
