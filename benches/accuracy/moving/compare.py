"""Set gilsim's predictions beside what the programs of this folder took.

usage: compare.py RESULTS.jsonl PROFILE [--folder FOLDER] [--gilsim EXE] [--check]

RESULTS is what `measure.py` printed, PROFILE the name or file of a profile. Every scenario is played with the time that
one piece of computing took alone. `--check` fails where fewer than nine in ten are within 15 %, or where a wrong tool
wins though the real times differ by more than 20 %.
"""
import argparse
import csv
import io
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parent
WITHIN, APART = 0.15, 0.20


def predict(options, program, unit):
    """Seconds of each tool, as gilsim predicts them."""
    sets = ["--set", f"interpreter.profile={options.profile}"]
    if unit:
        sets += ["--set", f"computations.work.time={unit}ns"]
    with tempfile.TemporaryDirectory() as out:
        printed = subprocess.run(
            [options.gilsim, "run", options.folder / f"{program}.toml", *sets, "--no-trace", "--no-chart",
             "--format", "csv", "--out", out], check=True, capture_output=True, text=True).stdout
        rows = csv.DictReader(io.StringIO(printed))
        seconds = {row["tool"]: int(row["makespan_ns"]) / 1e9 for row in rows}
        entry = re.search(r"# measured: (\w+)", (options.folder / f"{program}.toml").read_text())
        if entry:
            entries = next(pathlib.Path(out).glob("*/entries.csv"))
            rows = [row for row in csv.DictReader(entries.open()) if row["name"] == entry[1]]
            seconds = {row["tool"]: int(row["response_max_ns"]) / 1e9 for row in rows}
    return seconds


def wrong_winner(real, predicted):
    """The real winner, if gilsim has another one that is really slower by more than a fifth."""
    winner = min(real, key=real.get)
    chosen = min(predicted, key=predicted.get)
    return winner if real[chosen] > (1 + APART) * real[winner] else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("profile")
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--gilsim", default="target/release/gilsim")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if pathlib.Path(options.profile).is_file():
        options.profile = str(pathlib.Path(options.profile).resolve())
    programs = {}
    for line in options.results.read_text().splitlines():
        record = json.loads(line)
        programs.setdefault(record["program"], []).append(record)
    errors, wrong = [], []
    for program, records in programs.items():
        predicted = predict(options, program, records[0]["unit_ns"])
        real = {record["tool"]: statistics.median(record["seconds"]) for record in records}
        for record in records:
            took, tool = record["seconds"], record["tool"]
            error = predicted[tool] / real[tool] - 1
            spread = (max(took) - min(took)) / real[tool] / 2
            errors.append(abs(error))
            print(f"{program:16}{tool:22}{real[tool] * 1e3:10.1f} ms{predicted[tool] * 1e3:10.1f} ms"
                  f"{error:+8.1%}   half the spread {spread:.1%}")
        if right := wrong_winner(real, predicted):
            wrong.append(program)
            print(f"{program:16}the winner is {right}")
    within = sum(error <= WITHIN for error in errors) / len(errors)
    print(f"{len(errors)} programs: {within:.0%} within {WITHIN:.0%}, median {statistics.median(errors):.1%}, "
          f"worst {max(errors):.1%}; wrong winners: {len(wrong)} of {len(programs)}")
    if options.check and (within < 0.9 or wrong):
        sys.exit(1)


if __name__ == "__main__":
    main()
