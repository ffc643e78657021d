//! What people and programs see of a run: charts, pages, tables, words, files, quizzes, and Python programs.

pub mod chart;
pub mod formats;
pub mod html;
pub mod lanes;
pub mod program;
pub mod quiz;
pub mod report;
pub mod table;
