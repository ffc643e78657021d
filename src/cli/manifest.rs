//! manifest.json: what a result was made from, enough to make the same bytes again.

use std::path::Path;

use serde::Serialize;

use gilsim_render::table::json;
use gilsim_scenario::Input;

/// A manifest. It names no date, no machine and no absolute path.
#[derive(Serialize, Debug)]
pub(super) struct Manifest<'a> {
    gilsim: &'static str,
    command: &'static str,
    scenario: Source<'a>,
    inputs: Vec<Source<'a>>,
    seed: u64,
    arguments: Vec<String>,
}

/// A file and its checksum.
#[derive(Serialize, Debug)]
struct Source<'a> {
    file: &'a str,
    sha256: &'a str,
}

impl<'a> Manifest<'a> {
    /// The manifest of `command`; `inputs` are the scenario and the files that it names.
    pub(super) fn new(
        command: &'static str,
        inputs: &'a [Input],
        seed: u64,
        arguments: Vec<String>,
    ) -> Self {
        let source = |input: &'a Input| Source { file: &input.name, sha256: &input.sha256 };
        let (scenario, inputs) = inputs.split_first().expect("a scenario was read from a file");
        // Where the command was called from says nothing about the result.
        let name = Path::new(&scenario.name).file_name().and_then(|name| name.to_str());
        let scenario = Source { file: name.unwrap_or(&scenario.name), ..source(scenario) };
        let inputs = inputs.iter().map(source).collect();
        Self { gilsim: env!("CARGO_PKG_VERSION"), command, scenario, inputs, seed, arguments }
    }

    /// As JSON.
    pub(super) fn text(&self) -> Vec<u8> {
        json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_files_checksums_seed_and_arguments() {
        let input = |name: &str, sha256: &str| Input { name: name.into(), sha256: sha256.into() };
        let inputs = [input("../scenarios/page.toml", "ab"), input("data/arrivals.csv", "cd")];
        let manifest = Manifest::new("run", &inputs, u64::MAX, vec!["--audit".to_owned()]);
        let expected = format!(
            r#"{{
  "gilsim": "{}",
  "command": "run",
  "scenario": {{
    "file": "page.toml",
    "sha256": "ab"
  }},
  "inputs": [
    {{
      "file": "data/arrivals.csv",
      "sha256": "cd"
    }}
  ],
  "seed": 18446744073709551615,
  "arguments": [
    "--audit"
  ]
}}
"#,
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(String::from_utf8(manifest.text()).unwrap(), expected);
    }
}
