//! Sides as people have them at hand, beside reports of this program: a description in words, candidates, another tool's report.

pub mod candidates;
pub mod description;
pub mod netcheck;
