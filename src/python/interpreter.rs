//! Running programs on a real Python, which may be missing, crash or hang.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Prints what [`Identity`] holds. It runs on any Python 3.
const PROBE: &str = "import json, os, platform, sys; print(json.dumps({\
    'implementation': platform.python_implementation(), 'version': platform.python_version(), \
    'minor': sys.version_info[1], 'locked': getattr(sys, '_is_gil_enabled', lambda: True)(), \
    'cores': len(os.sched_getaffinity(0)), 'executable': os.path.realpath(sys.executable)}))";

/// How long a Python may take to say what it is.
const PROBE_LIMIT: Duration = Duration::from_secs(60);

/// The most that is read of what a program prints; what prints more is broken.
const MOST_OUTPUT: u64 = 1 << 30;

/// How long children that outlive the program may keep its streams open.
const GRACE: Duration = Duration::from_secs(5);

/// Between two looks at whether a program has ended.
const PULSE: Duration = Duration::from_millis(5);

/// The first processes of the groups that are running now.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Whether no more programs are to be started.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// A Python to run programs on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Interpreter {
    path: PathBuf,
}

/// What a Python says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Identity {
    /// `CPython`, unless it is another one.
    pub implementation: String,
    /// `3.13.1`
    pub version: String,
    /// The 13 in 3.13.
    pub minor: u8,
    /// Whether it has an interpreter lock and uses it.
    pub locked: bool,
    /// How many cores it may use.
    pub cores: u32,
    /// The file that it is, whatever links and shims lead there.
    pub executable: String,
}

/// Why a program did not do what it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RunError {
    /// What is wrong and the way out, in one sentence.
    pub message: String,
    /// What the program had printed by then.
    pub printed: String,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

impl Interpreter {
    /// The Python of that name or path; a name without folders is looked for on `PATH`.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// As the user named it.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When it cannot be run, or is no Python 3 on Linux.
    pub(crate) fn identify(&self) -> Result<Identity, RunError> {
        let printed = self.run(&["-c".into(), PROBE.into()], PROBE_LIMIT)?;
        serde_json::from_str(printed.trim())
            .map_err(|_| self.error("does not say which Python it is: is it a Python 3 on Linux?"))
    }

    /// Runs a program from a file and returns what it printed.
    ///
    /// # Errors
    /// When the Python cannot be run, ends with an error, or takes longer than `limit`.
    pub(crate) fn run_file(
        &self,
        program: &Path,
        arguments: &[OsString],
        limit: Duration,
    ) -> Result<String, RunError> {
        let program = std::iter::once(program.as_os_str().to_owned());
        let arguments: Vec<OsString> = program.chain(arguments.iter().cloned()).collect();
        self.run(&arguments, limit)
    }

    fn run(&self, arguments: &[OsString], limit: Duration) -> Result<String, RunError> {
        let mut running = Running::start(&self.path, arguments).map_err(|error| {
            let way_out = "; name another one with --python";
            let message = format!("cannot run `{}`: {error}{way_out}", self.name());
            RunError { message, printed: String::new() }
        })?;
        let (status, out, err) = running
            .end(limit)
            .map_err(|error| self.error(&format!("could not be watched: {error}")))?;
        let what = match status {
            Some(status) if status.success() => {
                return String::from_utf8(out)
                    .map_err(|_| self.error("printed something that is not UTF-8 text"));
            }
            Some(status) => crash(status, &err),
            None => format!("had not ended after {} s, and was stopped", limit.as_secs()),
        };
        let printed = String::from_utf8_lossy(&out).into_owned();
        Err(RunError { printed, ..self.error(&what) })
    }

    /// What is wrong with a program on this Python.
    fn error(&self, what: &str) -> RunError {
        RunError { message: format!("`{}` {what}", self.name()), printed: String::new() }
    }
}

/// How many of its last lines a program that failed is quoted with.
const LAST_WORDS: usize = 8;

/// How a program ended, with the last lines that it wrote to stderr.
fn crash(status: ExitStatus, err: &[u8]) -> String {
    let err = String::from_utf8_lossy(err);
    let lines: Vec<&str> = err.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LAST_WORDS)..];
    let quoted = last.iter().map(|line| format!("\n  {}", line.replace(char::is_control, " ")));
    let says = if last.is_empty() { "" } else { " and said:" };
    format!("ended with {status}{says}{}", quoted.collect::<String>())
}

/// Stops all programs that are running, with their children, and starts no more: for when gilsim ends early itself.
pub(crate) fn stop_all() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    STOPPED.store(true, Ordering::Relaxed);
    for leader in running.iter() {
        stop_group(*leader);
    }
}

/// A program that runs, in a process group of its own.
struct Running {
    child: Child,
    out: Receiver<Vec<u8>>,
    err: Receiver<Vec<u8>>,
}

impl Running {
    fn start(path: &Path, arguments: &[OsString]) -> io::Result<Self> {
        // With a folder in it, a path counts from here and not from the folders of `PATH`.
        let path =
            if path.components().count() > 1 { std::path::absolute(path)? } else { path.into() };
        let mut command = Command::new(path);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The messages that are read are those of an ordinary Python, in plain text.
        command.env("PYTHONIOENCODING", "utf-8").env("NO_COLOR", OsStr::new("1"));
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // Held while the program starts, so that an interrupt finds it in the list.
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if STOPPED.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut child = command.spawn()?;
        running.push(child.id());
        drop(running);
        let out = listen(child.stdout.take());
        let err = listen(child.stderr.take());
        Ok(Self { child, out, err })
    }

    /// Waits for the end; the status is `None` where `limit` was reached first.
    fn end(&mut self, limit: Duration) -> io::Result<(Option<ExitStatus>, Vec<u8>, Vec<u8>)> {
        let began = Instant::now();
        let status = loop {
            let status = self.child.try_wait()?;
            if status.is_some() || began.elapsed() >= limit {
                break status;
            }
            thread::sleep(PULSE);
        };
        if status.is_none_or(|status| !status.success()) {
            stop_group(self.child.id());
        }
        let out = self.heard(&self.out);
        let err = self.heard(&self.err);
        Ok((status, out, err))
    }

    /// All that a stream said. Children that still hold it after a while are stopped.
    fn heard(&self, stream: &Receiver<Vec<u8>>) -> Vec<u8> {
        let heard = stream.recv_timeout(GRACE);
        if heard == Err(RecvTimeoutError::Timeout) {
            stop_group(self.child.id());
            return stream.recv_timeout(GRACE).unwrap_or_default();
        }
        heard.unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let id = self.child.id();
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            stop_group(id);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        running.retain(|other| *other != id);
    }
}

/// Reads a stream to its end on a thread of its own.
fn listen(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (said, heard) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is worth as much as without it.
        let _ = stream.map(|stream| stream.take(MOST_OUTPUT).read_to_end(&mut bytes));
        let _ = said.send(bytes);
    });
    heard
}

/// Ends a program and the children that it made.
#[cfg(unix)]
fn stop_group(leader: u32) {
    use nix::sys::signal::{Signal, killpg};
    if let Ok(leader) = i32::try_from(leader) {
        // Gone already, then.
        let _ = killpg(nix::unistd::Pid::from_raw(leader), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn stop_group(_leader: u32) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    /// A shell stands in for a Python: it takes `-c` as well.
    fn shell(script: &str, limit: Duration) -> Result<String, RunError> {
        Interpreter::new("sh").run(&["-c".into(), script.into()], limit)
    }

    #[test]
    fn what_a_program_prints_comes_back_whole() {
        let long = shell("i=0; while [ $i -lt 20000 ]; do echo line; i=$((i+1)); done", LIMIT);
        assert_eq!(long.unwrap().len(), 100_000);
    }

    #[test]
    fn a_crash_is_told_with_the_last_words() {
        let error = shell("echo so far; echo first >&2; echo 'E: last' >&2; exit 7", LIMIT);
        let RunError { message, printed } = error.unwrap_err();
        assert_eq!(message, "`sh` ended with exit status: 7 and said:\n  first\n  E: last");
        assert_eq!(printed, "so far\n");
        let error = shell("kill -9 $$", LIMIT).unwrap_err().message;
        assert!(error.contains("signal: 9"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("alive");
        let script = format!("echo so far; (sleep 1; touch {}) & sleep 100", mark.display());
        let began = Instant::now();
        let RunError { message, printed } = shell(&script, Duration::from_millis(200)).unwrap_err();
        assert_eq!(message, "`sh` had not ended after 0 s, and was stopped");
        assert_eq!(printed, "so far\n", "what it had measured by then is kept");
        assert!(began.elapsed() < GRACE, "{:?}", began.elapsed());
        thread::sleep(Duration::from_millis(1_200));
        assert!(!mark.exists());
    }

    #[test]
    fn a_child_that_outlives_its_program_does_not_keep_it_waiting_for_ever() {
        let began = Instant::now();
        assert_eq!(shell("sleep 1000 & echo done", LIMIT).unwrap(), "done\n");
        assert!(began.elapsed() < 3 * GRACE, "{:?}", began.elapsed());
    }

    #[test]
    fn a_python_that_is_none_says_so() {
        let missing = Interpreter::new("no-such-python").identify().unwrap_err().message;
        assert!(missing.starts_with("cannot run `no-such-python`: "), "{missing}");
        assert!(missing.ends_with("; name another one with --python"), "{missing}");
        let echo = Interpreter::new("echo").identify().unwrap_err().message;
        assert!(echo.starts_with("`echo` does not say which Python it is"), "{echo}");
        assert!(
            Interpreter::new("/").identify().unwrap_err().message.starts_with("cannot run `/`")
        );
    }
}
