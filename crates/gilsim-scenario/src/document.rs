//! A scenario file as a tree that can be changed key by key and resolved as often as one likes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::{Fault, FaultKind, Faults};
use super::files::{self, Files, Library, ReadError};
use super::read;
use super::source::{Place, Source};
use super::syntax::{self, Trust};
use super::tree::{Table, shown_path};
use super::{Input, Loaded, limits, set};

/// A scenario file before its meaning is looked at. Clones share all that they do not change.
///
/// ```
/// use std::path::Path;
/// use gilsim_scenario::Document;
///
/// let text = "tasks = [{ steps = [{ wait = '1s' }] }]";
/// let document = Document::parse(text, "pages.toml", Path::new(""));
/// let mut varied = document.clone();
/// varied.set("--vary", "machine.cores", "8").expect("the key exists");
/// let scenario = varied.resolve().expect("the scenario is sound").scenario;
/// assert_eq!(scenario.tools[0].setting.machine.cores, 8);
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) root: Table,
    /// The scenario's text, then those of the settings made by [`Document::set`].
    pub(super) sources: Vec<Arc<Source>>,
    pub(super) files: Arc<Library>,
    /// The folder that paths in the scenario are relative to.
    pub(super) base: Arc<Path>,
    /// Whether the file lists no tools and the tree holds all there are, see [`set`].
    pub(super) implied_tools: bool,
    syntax_faults: Arc<[Fault]>,
    trust: Trust,
    sha256: String,
}

impl Document {
    /// Reads a scenario file from the disk. Faults of its content are reported when it is resolved.
    ///
    /// # Errors
    /// When the file cannot be read, is too large, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        Self::read_from(files::of_the_machine(), path)
    }

    /// Reads a scenario file, and when it is resolved the files that it names, from `files`.
    ///
    /// # Errors
    /// When the file cannot be read, is too large, or is not UTF-8.
    pub fn read_from(files: Arc<dyn Files>, path: &Path) -> Result<Self, Faults> {
        let name = shown_path(path);
        let library = Library::new(files);
        let read = library.text(path, limits::SCENARIO_BYTES);
        let (text, sha256) = read.map_err(|error| unusable(&name, error))?;
        let base = path.parent().unwrap_or(Path::new(""));
        Ok(Self::from_text(text, sha256, &name, base, Arc::new(library)))
    }

    /// A document from the text of a scenario. `name` is what messages and the manifest call it, `base` the
    /// folder that its paths are relative to. Faults are reported when it is resolved.
    pub fn parse(text: &str, name: &str, base: &Path) -> Self {
        Self::parse_beside(Arc::new(Library::new(files::of_the_machine())), text, name, base)
    }

    /// [`Document::parse`], with the files that a text names from a library.
    pub(super) fn parse_beside(files: Arc<Library>, text: &str, name: &str, base: &Path) -> Self {
        let sha256 = files::digest(text.as_bytes());
        Self::from_text(files::without_mark(text).to_owned(), sha256, name, base, files)
    }

    fn from_text(
        text: String,
        sha256: String,
        name: &str,
        base: &Path,
        files: Arc<Library>,
    ) -> Self {
        let parsed = syntax::parse(&text, 0);
        Self {
            root: parsed.root,
            sources: vec![Arc::new(Source::new(name.to_owned(), text))],
            files,
            base: Arc::from(base),
            implied_tools: false,
            syntax_faults: Arc::from(parsed.faults),
            trust: parsed.trust,
            sha256,
        }
    }

    /// Sets one key, as `--set KEY=VALUE` does (docs/contract.md, "Keys of --set"): `machine.cores`,
    /// `sites.shop.latency`, `tasks.page.count`, `tools.LABEL.workers`, `tools.workers`.
    /// `option` is what messages call the source of the setting, `--set` or `--vary`.
    ///
    /// The value is TOML, else a bare text. Whether it makes sense shows when the document is resolved.
    ///
    /// # Errors
    /// When there is no such key, or the value opens a bracket or quote that it does not close. Then nothing is changed.
    pub fn set(&mut self, option: &str, key: &str, value: &str) -> Result<(), Faults> {
        let setting = format!("{key}={value}");
        set::apply(self, option, &setting).map_err(|faults| self.undo_set(faults))
    }

    fn undo_set(&mut self, faults: Vec<Fault>) -> Faults {
        let faults = Faults::new(self.sources.clone(), faults);
        self.sources.pop();
        faults
    }

    /// Applies texts `KEY=VALUE` and resolves; all faults together.
    pub(super) fn resolve_with(mut self, sets: &[String]) -> Result<Loaded, Faults> {
        let mut faults = Vec::new();
        for setting in sets {
            faults.extend(set::apply(&mut self, "--set", setting).err().unwrap_or_default());
        }
        self.resolve_after(faults)
    }

    /// What the document says, checked and with all defaults.
    ///
    /// # Errors
    /// With every fault that was found.
    pub fn resolve(&self) -> Result<Loaded, Faults> {
        self.resolve_after(Vec::new())
    }

    fn resolve_after(&self, faults: Vec<Fault>) -> Result<Loaded, Faults> {
        let outcome = read::scenario(self);
        let faults = self.believed(faults, outcome.faults);
        if !faults.is_empty() {
            return Err(Faults::new(outcome.sources, faults));
        }
        let mut inputs =
            vec![Input { name: relative_name(&self.name()), sha256: self.sha256.clone() }];
        inputs.extend(outcome.inputs);
        Ok(Loaded { scenario: outcome.scenario, inputs })
    }

    /// These faults, those of the syntax, and those of meaning that can be believed beside them.
    pub(super) fn believed(&self, mut faults: Vec<Fault>, found: Vec<Fault>) -> Vec<Fault> {
        faults.extend(self.syntax_faults.iter().cloned());
        let lines: BTreeSet<usize> =
            self.syntax_faults.iter().map(|fault| self.line(fault.place)).collect();
        faults.extend(found.into_iter().filter(|fault| self.believes(fault, &lines)));
        faults
    }

    /// What messages call the scenario.
    pub fn name(&self) -> String {
        self.sources.first().map(|source| source.name.clone()).unwrap_or_default()
    }

    /// The number of a line of the scenario's text.
    fn line(&self, place: Place) -> usize {
        self.sources.first().map_or(0, |source| source.line(place).number)
    }

    /// Whether a fault of meaning can be believed after faults of syntax on these lines.
    fn believes(&self, fault: &Fault, faulty_lines: &BTreeSet<usize>) -> bool {
        let is_of_the_file = fault.place.source == 0;
        let on_a_faulty_line = || faulty_lines.contains(&self.line(fault.place));
        match self.trust {
            Trust::Whole => true,
            Trust::Present => {
                fault.kind != FaultKind::Missing && !(is_of_the_file && on_a_faulty_line())
            }
            Trust::Before(byte) => {
                fault.kind != FaultKind::Missing
                    && is_of_the_file
                    && (fault.place.end as usize) <= byte
            }
        }
    }
}

/// The fault of a scenario that cannot be read.
fn unusable(name: &str, error: ReadError) -> Faults {
    let told = error.told(name);
    let nowhere = Place::NOWHERE;
    let (sources, fault) = match error {
        ReadError::Io(_) => (Vec::new(), Fault::unreadable(nowhere, told)),
        ReadError::TooLarge(_) => {
            (Vec::new(), Fault::new(nowhere, format!("{told}, too large for a scenario")))
        }
        ReadError::NotUtf8(text, byte) => {
            (vec![Arc::new(Source::new(name.to_owned(), text))], not_utf8(0, byte))
        }
    };
    Faults::new(sources, vec![fault])
}

/// The fault of a text that is not UTF-8 from a byte on.
pub(super) fn not_utf8(source: usize, byte: usize) -> Fault {
    Fault::new(Place::new(source, byte..byte + 1), "the file is not UTF-8 text")
        .label("expected UTF-8")
        .help("save it again with the encoding UTF-8")
}

/// The name that the manifest gives a file: as written, but never an absolute path.
pub(super) fn relative_name(name: &str) -> String {
    let path = PathBuf::from(name);
    match path.file_name() {
        Some(file) if path.is_absolute() => file.to_string_lossy().into_owned(),
        _ => name.to_owned(),
    }
}
