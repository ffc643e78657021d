#!/usr/bin/env python3
"""How much a sweep costs beside its runs, and how well it uses the cores.

Plays 10,000 replicates of download-100-pages under asyncio, in turns: the engine alone, `gilsim sweep --jobs 1`, and
`gilsim sweep` on all cores. Prints medians and their ratios. Needs a release build and nothing else to run beside it:

    cargo build --release && python3 benches/sweep/efficiency.py
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

SCENARIO = "scenarios/download-100-pages.toml"
TOOL = "asyncio"


def built(name, arguments):
    """The executable of that name that a cargo command builds."""
    lines = subprocess.run(["cargo", *arguments, "--message-format", "json"], check=True, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in lines.stdout.splitlines()]
    return next(it["executable"] for it in messages if it.get("executable") and it["target"]["name"] == name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    cores = os.cpu_count()
    gilsim = built("gilsim", ["build", "--release", "--bin", "gilsim"])
    alone = built("engine_alone", ["bench", "--no-run", "--bench", "engine_alone"])

    def engine():
        run = [alone, SCENARIO, TOOL, str(arguments.replicates)]
        return float(subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout)

    def sweep(jobs):
        with tempfile.TemporaryDirectory() as out:
            run = [gilsim, "sweep", SCENARIO, "--tool", TOOL, "--replicates", str(arguments.replicates), "--quiet"]
            begin = time.perf_counter()
            subprocess.run([*run, "--jobs", str(jobs), "--out", out], check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - begin

    kinds = {"engine alone": engine, "sweep --jobs 1": lambda: sweep(1), f"sweep --jobs {cores}": lambda: sweep(cores)}
    taken = {kind: [] for kind in kinds}
    for _ in range(arguments.rounds):
        for kind, play in kinds.items():
            taken[kind].append(play())
    medians = {kind: statistics.median(times) for kind, times in taken.items()}
    for kind, times in taken.items():
        print(f"{kind:15} {medians[kind]:7.3f} s  ({min(times):.3f} to {max(times):.3f})")
    alone, one, all_cores = medians.values()
    print(f"a sweep takes {100 * (one / alone - 1):+.1f} % beside its runs alone (at most +10 %)")
    print(f"parallel efficiency on {cores} cores: {100 * one / all_cores / cores:.1f} % (at least 90 %)")


if __name__ == "__main__":
    main()
