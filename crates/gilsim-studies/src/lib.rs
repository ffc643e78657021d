//! Studies: many runs that answer one question. Sweeps, claims, what-ifs, and the figures of the article.

pub mod claims;
pub mod figures;
pub mod sweep;
pub mod whatif;
