//! When tasks arrive.

use std::sync::Arc;

use super::Reader;
use crate::fault::{Fault, nearest};
use crate::keys;
use crate::tree::{Node, shortened};
use gilsim_core::model::{Arrival, Distribution};
use gilsim_core::time::{SimDuration, SimTime};

/// The one arrival that is a word.
pub(crate) const AT_ONCE: &str = "at once";

impl Reader<'_> {
    /// The value of `arrive`.
    pub(super) fn arrival(&mut self, node: &Node) -> Option<Arrival> {
        let forms: Vec<&str> = keys::ARRIVAL.names().filter(|name| *name != keys::THINK).collect();
        if node.as_text() == Some(AT_ONCE) {
            return Some(Arrival::AtOnce);
        }
        if node.as_table().is_none() {
            let title = format!("expected \"{AT_ONCE}\" or a table, found {}", node.describe());
            let label = match node.as_text() {
                Some(text) if forms.contains(&text) => {
                    format!("write {{ {} = … }}", shortened(text))
                }
                Some(text) if nearest(text, &[AT_ONCE]).is_some() => {
                    format!("did you mean \"{AT_ONCE}\"?")
                }
                Some(_) => {
                    format!("expected \"{AT_ONCE}\", or a table like {{ every = \"10ms\" }}")
                }
                None => "expected for example { every = \"10ms\" }".to_owned(),
            };
            return self.refuse(Fault::new(node.place, title).label(label));
        }
        let fields = self.fields(node, &keys::ARRIVAL)?;
        let form = self.only_form(&fields, &forms)?;
        if let Some(think) = fields.get(keys::THINK)
            && &*form.key != "clients"
        {
            let title = format!("only `clients` think, not `{}`", form.key);
            return self
                .refuse(Fault::new(think.place, title).label("expected `clients` beside it"));
        }
        match &*form.key {
            "every" => self.distribution(&form.node).map(Arrival::Every),
            "poisson" => self.rate(&form.node).map(|per_second| Arrival::Poisson { per_second }),
            "clients" => {
                let clients = self.amount(&fields, "clients");
                let at_once = Some(Distribution::Constant(SimDuration::ZERO));
                let think =
                    fields.get(keys::THINK).map_or(at_once, |think| self.distribution(think));
                Some(Arrival::Clients { clients: clients?, think: think? })
            }
            "at" => self.durations(&form.node, None).map(|all| Arrival::At(instants(&all))),
            _ => self.data_file(&form.node).map(|all| Arrival::At(instants(&all))),
        }
    }
}

/// Times after the start as instants.
fn instants(durations: &[SimDuration]) -> Arc<[SimTime]> {
    durations.iter().map(|duration| SimTime::from_nanos(duration.as_nanos())).collect()
}
