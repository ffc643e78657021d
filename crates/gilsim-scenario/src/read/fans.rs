//! Lists of steps that are done at the same time.

use super::fields::Fields;
use super::{Names, Reader};
use crate::fault::Fault;
use crate::tree::{Node, Value};
use gilsim_core::model::{Fan, Lists, Until};

impl Reader<'_> {
    /// The lists of an `all` or a `first`: those that stand there, then those that are alike.
    pub(super) fn fan(
        &mut self,
        node: &Node,
        fields: &Fields<'_>,
        names: &Names<'_>,
        depth: usize,
    ) -> Option<Fan> {
        let alike = self.alike(fields, names, depth);
        let mut lists = match &node.value {
            Value::Boolean(true) => Some(Vec::new()),
            _ => self.lists(node, names, depth),
        }?;
        let until = match self.choice(fields, "on_failure") {
            Some(1) => Until::OneFails,
            _ => Until::AllEnd,
        };
        match alike {
            Alike::Are(more) => lists.push(more),
            Alike::Faulty => return None,
            Alike::Absent if lists.is_empty() => {
                let title = "there are no lists of steps here";
                let label =
                    "with `true`, `each` says how many lists there are, and `steps` what each does";
                return self.refuse(Fault::new(node.place, title).label(label));
            }
            Alike::Absent => {}
        }
        Some(Fan { lists, until })
    }

    /// The lists that stand at the key of the step.
    fn lists(&mut self, node: &Node, names: &Names<'_>, depth: usize) -> Option<Vec<Lists>> {
        let expected = "lists of steps like [[{ wait = \"1s\" }], [{ wait = \"2s\" }]], or true";
        let Some(items) = node.as_list() else { return self.expected(node, expected) };
        if items.is_empty() || items.iter().any(|item| item.as_list().is_none()) {
            return self.expected(node, expected);
        }
        let lists = items
            .iter()
            .map(|item| self.steps(item, names, depth + 1).map(|steps| Lists { times: 1, steps }));
        let lists: Vec<_> = lists.collect();
        lists.into_iter().collect()
    }

    /// The lists that are alike: `each` and `steps` stand together.
    fn alike(&mut self, fields: &Fields<'_>, names: &Names<'_>, depth: usize) -> Alike {
        let (each, steps) = (fields.get("each"), fields.get("steps"));
        let (key, other) = match (each, steps) {
            (None, None) => return Alike::Absent,
            (Some(_), Some(steps)) => {
                let times = self.amount(fields, "each");
                let steps = self.steps(steps, names, depth + 1);
                let both = times.zip(steps);
                return both
                    .map_or(Alike::Faulty, |(times, steps)| Alike::Are(Lists { times, steps }));
            }
            (Some(_), None) => ("each", "steps"),
            (None, Some(_)) => ("steps", "each"),
        };
        let title = format!("`{key}` needs `{other}`");
        let label = "`each = 20, steps = [...]` is so many lists of these steps";
        self.faults.push(Fault::missing(fields.place, title).label(label));
        Alike::Faulty
    }
}

/// What `each` and `steps` say.
enum Alike {
    /// Neither is there.
    Absent,
    /// So many lists of the same steps.
    Are(Lists),
    /// A fault was found.
    Faulty,
}
