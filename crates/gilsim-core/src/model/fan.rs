//! Lists of steps that are done at the same time.

use super::StepSpec;
use super::step::{Form, Further, PLAIN, STEPS, StepKind, Takes};

/// Lists of steps that are done at the same time, each from its beginning, and until when their step waits for them.
#[derive(Clone, PartialEq, Debug)]
pub struct Fan {
    /// The lists, in the order in which they begin.
    pub lists: Vec<Lists>,
    /// Until when the step waits.
    pub until: Until,
}

/// So many lists of the same steps.
#[derive(Clone, PartialEq, Debug)]
pub struct Lists {
    /// How many; at least 1.
    pub times: u32,
    /// The steps of each.
    pub steps: Vec<StepSpec>,
}

/// When a step is over that does several lists of steps at the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// When all have ended; it fails if one has failed.
    AllEnd,
    /// The same, but the first one to fail cancels the others.
    OneFails,
    /// When the first one has ended, which cancels the others; it fails if that one has failed.
    OneEnds,
}

impl Until {
    /// The key of its step.
    pub const fn key(self) -> &'static str {
        match self {
            Self::AllEnd | Self::OneFails => "all",
            Self::OneEnds => "first",
        }
    }
}

impl Fan {
    /// How many lists there are.
    pub fn count(&self) -> u64 {
        self.lists.iter().map(|lists| u64::from(lists.times)).sum()
    }
}

/// How many lists of the same steps there are beside those at the key of their step.
const EACH: Further = Further {
    key: "each",
    about: "With `all` or `first`: so many lists more, each of the steps at `steps`.",
    takes: Takes::Amount,
    example: "20",
    required: false,
};

pub(super) const ALL: StepKind = StepKind {
    key: "all",
    about: "Does lists of steps at the same time, until all have ended. `true` where all are alike: then `each` says how many.",
    example: r#"[[{ "wait": "shop" }], [{ "wait": "1s" }]]"#,
    form: Form::Lists(StepSpec::lists),
    further: &[
        Further {
            key: "on_failure",
            about: "With `all`: whether a list that fails cancels the others; the step waits for them by default.",
            takes: Takes::OnFailure,
            example: r#""cancel""#,
            required: false,
        },
        EACH,
        Further { required: false, ..STEPS },
    ],
    words: "at the same time, until all have ended{}:",
    ..PLAIN
};

pub(super) const FIRST: StepKind = StepKind {
    key: "first",
    about: "The same until the first one has ended; the others are cancelled where they can be.",
    example: r#"[[{ "wait": "shop" }], [{ "wait": "1s" }]]"#,
    form: Form::Lists(|fan| StepSpec::lists(Fan { until: Until::OneEnds, ..fan })),
    further: &[EACH, Further { required: false, ..STEPS }],
    words: "at the same time, until one has ended{}:",
    ..PLAIN
};
