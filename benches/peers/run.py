#!/usr/bin/env python3
"""Runs the same four models on gilsim, a hand-written Rust loop and SimPy, and prints ratios.

    python3 -m venv peers && peers/bin/pip install simpy==4.1.2
    cargo build --release
    cargo build --release --manifest-path benches/peers/loop/Cargo.toml
    peers/bin/python benches/peers/run.py [--rounds 5]

All are run in turn, round after round, so that a busy machine slows all alike; the median counts. What is compared
is CPU time (user and system), start-up included, which other programs disturb least. SimPy does a tenth of the work,
and its time is multiplied by ten. The models are those of benches/scenarios; the theory's answer stands beside.
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
SIMPY_SHARE = 0.1
MODELS = {
    # units of work, what they are, the answer that all should come close to
    "a": (1_000_000, "customer of M/M/1", "mean response 90000 ns"),
    "b": (1_000_000, "customer of M/M/8", "mean response 135138 ns"),
    "d": (1_000_000, "slice", "makespan 125000000000 ns"),
    "e": (1_000_000, "wait", "makespan above 50000000000 ns"),
}


def measured(command):
    """CPU seconds, peak memory in MB and standard output of a program."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{command[0]} failed")
        out.seek(0)
        text = out.read().decode()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, text


def gilsim(model, folder):
    scenario = ROOT / "benches/scenarios" / f"{model}.toml"
    command = [str(GILSIM), "run", str(scenario), "--no-trace", "--no-chart", "--quiet", "--out", folder]
    seconds, memory, _ = measured(command)
    header, row = (Path(folder) / model / "summary.csv").read_text().splitlines()[:2]
    row = dict(zip(header.split(","), row.split(",")))
    return seconds, memory, row["response_mean_ns" if model in "ab" else "makespan_ns"]


def loop(model, _):
    seconds, memory, text = measured([str(LOOP), model])
    return seconds, memory, text.strip()


def simpy(model, _):
    command = [sys.executable, str(HERE / "simpy_models.py"), model, str(SIMPY_SHARE)]
    seconds, memory, text = measured(command)
    return seconds / SIMPY_SHARE, memory, text.strip() + " (a tenth of the work)"


arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--rounds", type=int, default=5)
arguments.add_argument("--gilsim", default=ROOT / "target/release/gilsim")
arguments.add_argument("--loop", default=HERE / "loop/target/release/hand-written-loop")
chosen = arguments.parse_args()
GILSIM, LOOP = chosen.gilsim, chosen.loop
PEERS = {"gilsim": gilsim, "hand-written loop": loop, "SimPy": simpy}

print("| model | program | ns per unit | times gilsim | peak MB | answer | theory |")
print("|---|---|---|---|---|---|---|")
with tempfile.TemporaryDirectory() as folder:
    for model, (units, unit, theory) in MODELS.items():
        runs = {name: [] for name in PEERS}
        for _ in range(chosen.rounds):
            for name, peer in PEERS.items():
                runs[name].append(peer(model, folder))
        medians = {name: statistics.median(run[0] for run in of) for name, of in runs.items()}
        for name, of in runs.items():
            per_unit = medians[name] / units * 1e9
            ratio = medians[name] / medians["gilsim"]
            memory = statistics.median(run[1] for run in of)
            print(f"| {model.upper()}: {unit} | {name} | {per_unit:.0f} | {ratio:.2f} | {memory:.0f} | {of[0][2]} | {theory} |")
            sys.stdout.flush()
