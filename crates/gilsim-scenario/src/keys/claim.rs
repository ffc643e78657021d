//! The keys of claims files.

use super::{Keys, Kind, key, required};

/// The whole file.
#[rustfmt::skip] // A row a key.
pub(crate) static CLAIMS: Keys = Keys {
    what: "a claims file",
    about: "Claims about scheduling, each tested over scenarios drawn at random.",
    all: &[
        key("title", Kind::Text, "One line that says what the claims are about.", r#""The GIL""#),
        key("about", Kind::Text, "Where the claims come from.", r#""What everybody says.""#),
        required("claims", Kind::List(&CLAIM),
            "The claims.",
            r#"[{ "says": "Waits overlap", "scenario": "…", "expect": "asyncio.makespan < sequential.makespan" }]"#),
    ],
};

/// A table of `[[claims]]`.
#[rustfmt::skip] // A row a key.
pub(crate) static CLAIM: Keys = Keys {
    what: "a claim",
    about: "A statement, the scenarios it is about, and the expression that says when it is true.",
    all: &[
        required("says", Kind::Text, "The statement, for people.", r#""Waits overlap""#),
        key("given", Kind::Given,
            "What is drawn at random for each case, by name: a range of whole numbers \"1..=64\" or of durations \
             \"1ms..=1s\" (both ends included; wide ranges are drawn evenly over their orders of magnitude), a list of \
             values, or one value. A counter-example is shrunk towards the low end of ranges and the first value of \
             lists.", r#"{ "cores": "1..=64", "work": "1ms..=1s", "tool": ["threading", "asyncio"] }"#),
        key("scenario", Kind::Text,
            "The text of a scenario, in which {NAME} stands for the value of a key of `given`; all other braces stay.",
            r#""machine.cores = {cores}\n[[tasks]]\nsteps = [{ compute = \"{work}\" }]""#),
        key("file", Kind::DataFile,
            "Instead of `scenario`: the path of such a text, relative to the claims file.", r#""pages.toml""#),
        required("expect", Kind::Text,
            "What is true in every case, as a CEL expression over the drawn values and the metrics of the tools: \
             LABEL.METRIC, or tool[\"LABEL\"].METRIC, where METRIC is a column of summary.csv without _ns and \
             response_; times are nanoseconds. LABEL.entry[\"NAME\"].METRIC is of the tasks of one [[tasks]] table. min, max and abs are known.",
            r#""threading.makespan >= sequential.makespan""#),
        key("when", Kind::Text,
            "Only cases count in which this is true; an expression like `expect`.", r#""tasks >= cores""#),
        key("tolerance", Kind::Tolerance,
            "By how much each comparison of numbers in `expect` may miss: a share of the larger side, or a duration; \
             none by default.", r#""1%""#),
        key("profiles", Kind::Profiles,
            "The profiles under which the claim is tested, each case under each; that of the scenario by default.",
            r#"["ideal", "cpython-3.14"]"#),
        key("holds", Kind::Boolean,
            "false marks a false belief: it passes when a counter-example is found; true by default.", "false"),
    ],
};
