//! Waits, and requests to sites: over one of their connections, as a slow server answers them.

use crate::program::body::Body;
use crate::program::literal::{seconds, string};
use crate::program::shape::Time;
use crate::program::steps::Functions;
use gilsim_core::model::{Server, WaitOn};

impl Functions<'_> {
    pub(super) fn wait(
        &mut self,
        body: &mut Body,
        depth: usize,
        on: &WaitOn,
        suspends: bool,
        time: Time,
    ) {
        let time = body.time(time);
        let state = if suspends { "suspended" } else { "io" };
        let site = match on {
            WaitOn::Site(id) => Some(&self.setting.sites[id.index()]),
            WaitOn::Time(_) => None,
        };
        let name = site.map(|site| string(&site.name));
        match (&name, site) {
            (Some(name), Some(site)) => {
                let lines = self.request(body, name, site.server, suspends, &time);
                if site.connections.is_some() {
                    self.visit(body, depth, name, &lines);
                } else {
                    body.lines(depth, &lines);
                }
            }
            _ => body.line(depth, &sleep(suspends, &time)),
        }
        let name = name.map_or_else(String::new, |name| format!(", {name}"));
        body.note(depth, &format!("task.done(\"{state}\"{name})"));
    }

    /// The lines of a request to a site, each with how far it stands to the right.
    fn request(
        &mut self,
        body: &Body,
        name: &str,
        server: Server,
        suspends: bool,
        time: &str,
    ) -> Vec<(usize, String)> {
        let mut lines = Vec::new();
        let limits = (!suspends && body.is_limited()).then(|| body.limits_name());
        if limits.is_some() {
            self.features.insert("answers_late".to_owned());
        }
        let sleep = |suspends, time: &str| match &limits {
            Some(limits) => format!("wait_in_time({limits}, {time})"),
            None => sleep(suspends, time),
        };
        let connects = !server.connect.is_zero();
        let keeps = connects && !server.drops_connections;
        if keeps || server.slows_down() {
            self.features.insert("sites".to_owned());
        }
        if keeps {
            self.features.insert("kept_connections".to_owned());
            lines.push((0, format!("if SITES[{name}].has_to_connect():")));
        }
        if connects {
            lines.push((usize::from(keeps), sleep(suspends, &seconds(server.connect))));
        }
        if server.slows_down() {
            self.features.insert("slow_sites".to_owned());
            let time = format!("SITES[{name}].time_of_answer({time})");
            lines.push((0, sleep(suspends, &time)));
        } else {
            lines.push((0, sleep(suspends, time)));
        }
        if keeps {
            lines.push((0, format!("SITES[{name}].keep()")));
        }
        lines
    }

    /// Sends a request over one of the connections of a site.
    fn visit(&mut self, body: &mut Body, depth: usize, name: &str, lines: &[(usize, String)]) {
        self.features.insert("connections".to_owned());
        let connections = format!("CONNECTIONS[{name}]");
        let note = format!("task.note(\"sync\", {name})");
        if body.is_limited() {
            let take = self.take(body, &connections);
            body.line(depth, &take);
            body.line(depth, "try:");
            body.note(depth + 1, &note);
            body.lines(depth + 1, lines);
            body.line(depth, "finally:");
            let give = self.call_at_once(body.world, &format!("{connections}.release"));
            return body.line(depth + 1, &give);
        }
        if let Some(with) = self.with(body.world) {
            body.line(depth, &format!("{with} {connections}:"));
            body.note(depth + 1, &note);
            return body.lines(depth + 1, lines);
        }
        let take = self.call(body.world, &format!("{connections}.acquire"), "");
        body.line(depth, &take);
        body.note(depth, &note);
        body.lines(depth, lines);
        let give = self.call_at_once(body.world, &format!("{connections}.release"));
        body.line(depth, &give);
    }
}

/// Waits for so many seconds.
fn sleep(suspends: bool, time: &str) -> String {
    let call = if suspends { "await asyncio" } else { "time" };
    format!("{call}.sleep({time})")
}
