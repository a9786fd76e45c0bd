//! The report and its formats: knows nothing of measuring.

pub mod document;
