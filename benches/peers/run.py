#!/usr/bin/env python3
"""Runs the same models on gilsim, a hand-written Rust loop and other simulators, and prints ratios.

    python3.13 -m venv peers && peers/bin/pip install simpy==4.1.2 asimpy==0.20.0 cimba==0.9.6
    cargo build --release
    cargo build --release --manifest-path benches/peers/loop/Cargo.toml
    cargo build --release --manifest-path benches/peers/rust/Cargo.toml
    peers/bin/python benches/peers/run.py [--rounds 5] [--models abdef] [--only gilsim --only SimPy]

All are run in turn, round after round, so that a busy machine slows all alike; the median counts. What is compared
is CPU time (user and system), start-up included, which other programs disturb least; only cimba says its own time, without
the compilation of its model. SimPy and asimpy do a tenth of the work, and their time is multiplied by ten; cimba
does E with a tenth of the tasks. The models are those of benches/scenarios; the theory's answer stands beside.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHARE = 0.1
MODELS = {
    # units of work, what they are, the answer that all should come close to
    "a": (1_000_000, "customer of M/M/1", "mean response 90000 ns"),
    "b": (1_000_000, "customer of M/M/8", "mean response 135138 ns"),
    "d": (1_000_000, "slice", "makespan 125000000000 ns"),
    "e": (1_000_000, "wait", "makespan above 50000000000 ns"),
    "f": (1_000_000, "switch of the lock", "makespan 5000000000000 ns"),
}


class Absent(Exception):
    """A program that is not there, or that failed."""


def measured(command):
    """CPU seconds, peak memory in MB and standard output of a program."""
    with tempfile.TemporaryFile() as out:
        try:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise Absent(error.strerror) from error
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise Absent(f"it failed with {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        text = out.read().decode()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, text.strip()


def gilsim(model, folder):
    scenario = ROOT / "benches/scenarios" / f"{model}.toml"
    command = [str(chosen.gilsim), "run", str(scenario), "--no-trace", "--no-chart", "--quiet", "--out", folder]
    seconds, memory, _ = measured(command)
    header, row = (Path(folder) / model / "summary.csv").read_text().splitlines()[:2]
    row = dict(zip(header.split(","), row.split(",")))
    return seconds, memory, row["response_mean_ns" if model in "ab" else "makespan_ns"]


def loop(model, _):
    return measured([str(chosen.loop), model])


def rust(engine):
    return lambda model, _: measured([str(chosen.rust), engine, model])


def python(script):
    def play(model, _):
        seconds, memory, text = measured([sys.executable, str(HERE / script), model, str(SHARE)])
        return seconds / SHARE, memory, f"{float(text):.0f} (a tenth of the work)"

    return play


def cimba(model, _):
    _, memory, text = measured([sys.executable, str(HERE / "cimba_models.py"), model])
    answer, seconds = map(float, text.split())
    part = SHARE if model == "e" else 1
    return seconds / part, memory, f"{answer:.0f}" + (" (a tenth of the work)" if part < 1 else "")


PEERS = {
    "gilsim": (gilsim, "abdef"),
    "hand-written loop": (loop, "abdef"),
    "odem-rs 0.4": (rust("odem"), "abde"),
    "simcore 0.1": (rust("simcore"), "abde"),
    "nexosim 1.0": (rust("nexosim"), "abde"),
    "cimba 0.9.6": (cimba, "abde"),
    "asimpy 0.20": (python("asimpy_models.py"), "abde"),
    "SimPy 4.1.2": (python("simpy_models.py"), "abdef"),
}


def rows_of(model, folder):
    units, unit, theory = MODELS[model]
    peers = {name: play for name, (play, models) in PEERS.items() if model in models}
    if chosen.only:
        peers = {name: play for name, play in peers.items() if any(name.startswith(only) for only in chosen.only)}
    runs, absent = {name: [] for name in peers}, {}
    for _ in range(chosen.rounds):
        for name, play in peers.items():
            try:
                if name not in absent:
                    runs[name].append(play(model, folder))
            except Absent as error:
                absent[name] = error
    base = statistics.median(run[0] for run in runs["gilsim"])
    for name in peers:
        if name in absent:
            yield f"| {model.upper()}: {unit} | {name} | {absent[name]} | | | | |"
            continue
        seconds, memory = (statistics.median(run[index] for run in runs[name]) for index in (0, 1))
        numbers = f"{seconds / units * 1e9:.0f} | {seconds / base:.2f} | {memory:.0f} | {runs[name][0][2]} | {theory}"
        yield f"| {model.upper()}: {unit} | {name} | {numbers} |"


arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--rounds", type=int, default=5)
arguments.add_argument("--models", default="abdef")
arguments.add_argument("--only", action="append", help="the beginning of a name; gilsim has to be among them")
arguments.add_argument("--gilsim", default=ROOT / "target/release/gilsim")
arguments.add_argument("--loop", default=HERE / "loop/target/release/hand-written-loop")
arguments.add_argument("--rust", default=HERE / "rust/target/release/rust-peers")
chosen = arguments.parse_args()

print("| model | program | ns per unit | times gilsim | peak MB | answer | theory |")
print("|---|---|---|---|---|---|---|")
with tempfile.TemporaryDirectory() as folder:
    for model in chosen.models:
        for row in rows_of(model, folder):
            print(row, flush=True)
