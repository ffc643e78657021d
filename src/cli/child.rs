//! A program of the user's that runs as if gilsim were not there: streams, signals, and how it ends.

use std::io;
use std::process::{Command, ExitStatus};

/// Runs a program to its end. Signals that somebody sends to gilsim meanwhile go on to the program; those of a terminal
/// reach it by themselves. They stay blocked for gilsim until [`end_like`].
///
/// # Errors
/// When the program cannot be started.
pub(super) fn run(command: &mut Command) -> io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    #[cfg(target_os = "linux")]
    signals::pass_on(child.id())?;
    child.wait()
}

/// Signals are gilsim's own from now on.
pub(super) fn listen_again() {
    #[cfg(target_os = "linux")]
    signals::listen_again();
}

/// Ends gilsim as the program ended: with its exit code, or by the same signal.
pub(super) fn end_like(status: ExitStatus) -> ! {
    #[cfg(target_os = "linux")]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        signals::end_by(signal);
        std::process::exit(128 + signal);
    }
    std::process::exit(status.code().unwrap_or(1))
}

#[cfg(target_os = "linux")]
mod signals {
    use std::io;
    use std::thread;

    use nix::sys::signal::{SigSet, Signal, kill, raise};
    use nix::sys::signalfd::{SfdFlags, SignalFd};
    use nix::unistd::Pid;

    /// Signals that people and programs send to a program.
    const PASSED_ON: [Signal; 8] = [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGALRM,
        Signal::SIGWINCH,
    ];

    /// From now on signals to gilsim go to that process.
    pub(super) fn pass_on(process: u32) -> io::Result<()> {
        let signals: SigSet = PASSED_ON.into_iter().collect();
        signals.thread_block()?;
        let arrivals = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?;
        let process = Pid::from_raw(i32::try_from(process).map_err(io::Error::other)?);
        thread::spawn(move || {
            while let Ok(Some(arrival)) = arrivals.read_signal() {
                // A positive code says that the kernel sent it: a terminal's reach the whole group.
                let is_sent = arrival.ssi_code <= 0;
                let signal = i32::try_from(arrival.ssi_signo).ok();
                if let Some(signal) =
                    signal.and_then(|it| Signal::try_from(it).ok()).filter(|_| is_sent)
                {
                    // Gone already, then.
                    let _ = kill(process, signal);
                }
            }
        });
        Ok(())
    }

    /// They are no longer blocked.
    pub(super) fn listen_again() {
        let signals: SigSet = PASSED_ON.into_iter().collect();
        // Where that fails they stay blocked until the end.
        let _ = signals.thread_unblock();
    }

    /// Ends the process by a signal, where the signal does that.
    pub(super) fn end_by(signal: i32) {
        let Ok(signal) = Signal::try_from(signal) else { return };
        SigSet::from(signal).thread_unblock().ok();
        // The handler that Rust has for a stack that overflows takes itself away at the first.
        for _ in 0..2 {
            let _ = raise(signal);
        }
    }
}
