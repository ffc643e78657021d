//! Durations where a distribution may stand.

use std::sync::Arc;

use super::Reader;
use crate::fault::Fault;
use crate::keys;
use crate::tree::{Node, Value};
use gilsim_core::model::Distribution;
use gilsim_core::time::SimDuration;

impl Reader<'_> {
    /// A duration or a distribution.
    pub(super) fn distribution(&mut self, node: &Node) -> Option<Distribution> {
        match node.value {
            Value::Table(_) => self.distribution_table(node),
            Value::Text(_) | Value::Integer(_) | Value::Float(_) => {
                self.duration(node).map(Distribution::Constant)
            }
            _ => self.expected(
                node,
                "a duration like \"20ms\" or a distribution like { uniform = [\"1s\", \"2s\"] }",
            ),
        }
    }

    fn distribution_table(&mut self, node: &Node) -> Option<Distribution> {
        let fields = self.fields(node, &keys::DISTRIBUTION)?;
        let forms: Vec<&str> = keys::DISTRIBUTION.names().collect();
        let form = self.only_form(&fields, &forms)?;
        let value = &form.node;
        match &*form.key {
            "uniform" => self.uniform(value),
            "exponential" => self.duration(value).map(|mean| Distribution::Exponential { mean }),
            "normal" => self.pair(value).map(|(mean, sd)| Distribution::Normal { mean, sd }),
            "lognormal" => self.log_normal(value),
            "pareto" => self.pareto(value),
            "cycle" => self.durations(value, None).map(|all| Distribution::Cycle(Arc::from(all))),
            _ => self.data_file(value).map(Distribution::Samples),
        }
    }

    fn pair(&mut self, node: &Node) -> Option<(SimDuration, SimDuration)> {
        match self.durations(node, Some(2))?.as_slice() {
            [first, second] => Some((*first, *second)),
            _ => None,
        }
    }

    fn uniform(&mut self, node: &Node) -> Option<Distribution> {
        let (low, high) = self.pair(node)?;
        if low > high {
            let fault = Fault::new(node.place, "`uniform` goes from the shortest to the longest");
            return self.refuse(fault.label(format!("{low} is longer than {high}")));
        }
        Some(Distribution::Uniform { low, high })
    }

    fn log_normal(&mut self, node: &Node) -> Option<Distribution> {
        let fields = self.fields(node, &keys::LOGNORMAL)?;
        let (at50, at99) = (self.required(&fields, "p50"), self.required(&fields, "p99"));
        let p50 = at50.and_then(|_| self.positive_duration_at(&fields, "p50"));
        let p99 = at99.and_then(|node| self.duration(node));
        let (p50, p99) = (p50?, p99?);
        if p50 > p99 {
            let fault = Fault::new(node.place, "`p99` is not below `p50`");
            return self.refuse(fault.label(format!("{p99} is shorter than {p50}")));
        }
        Some(Distribution::LogNormal { p50, p99 })
    }

    fn pareto(&mut self, node: &Node) -> Option<Distribution> {
        let fields = self.fields(node, &keys::PARETO)?;
        let (min, shape) = (self.required(&fields, "min"), self.required(&fields, "shape"));
        let min = min.and_then(|node| self.duration(node));
        let shape = shape.and_then(|node| self.positive(node));
        Some(Distribution::Pareto { min: min?, shape: shape? })
    }
}
