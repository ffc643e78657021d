"""Set gilsim's predictions beside what real CPython did.

usage: compare.py FOLDER [--gilsim EXE] [--cores N] [--profile NAME_OR_FILE] [--only NAME]... [--python 3.X]... [--check]

FOLDER holds `workloads/NAME.json` and `results-3.X.jsonl` as measured on real interpreters: `usual` has 24 programs of
every kind, `others` 79 more. Each measured run becomes the scenario of that very run, with the CPU time that its steps
really took; gilsim plays it, audited, and the errors are printed, worst last. `--profile` takes the place of
`profile-3.X.toml` in FOLDER, costs calibrated on the machine that measured, and that of `cpython-3.X`.
With `--check` it fails where the errors on one Python are larger than they are to be (docs/accuracy.md).
"""
import argparse
import csv
import io
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile


HERE = pathlib.Path(__file__).parent

# The median, and nine in ten and the worst less half the spread of the real runs.
BARS = {"makespan": (0.01, 0.04, 0.10), "mean": (0.015, 0.06, 0.15)}


def predict(options, folder, line, version):
    """Makespan and mean response in milliseconds, as gilsim predicts them."""
    measured = json.loads(line)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "measured.json").write_text(line)
        workload = folder / "workloads" / f"{measured['name']}.json"
        calibrated = folder / f"profile-{version}.toml"
        usual = calibrated.resolve() if calibrated.exists() else f"cpython-{version}"
        profile = options.profile or usual
        scenario = subprocess.run(
            [sys.executable, HERE / "to_scenario.py", workload, scratch / "measured.json",
             str(options.cores), profile],
            check=True, capture_output=True, text=True).stdout
        (scratch / "scenario.toml").write_text(scenario)
        printed = subprocess.run(
            [options.gilsim, "run", scratch / "scenario.toml", "--audit", "--no-trace", "--no-chart",
             "--format", "csv", "--out", scratch / "output"],
            check=True, capture_output=True, text=True).stdout
    row = next(csv.DictReader(io.StringIO(printed)))
    return int(row["makespan_ns"]) / 1e6, int(row["response_mean_ns"]) / 1e6


def compare(options, folder):
    """One record per measured run: name, version, and (measured, predicted) of both figures."""
    for results in sorted(folder.glob("results-3.*.jsonl")):
        version = results.stem.removeprefix("results-")
        if options.python and version not in options.python:
            continue
        for line in results.read_text().splitlines():
            measured = json.loads(line)
            if options.only and measured["name"] not in options.only:
                continue
            makespan, mean = predict(options, folder, line, version)
            spans = measured["spans_ms"]
            yield {
                "name": measured["name"], "python": version,
                "makespan": (measured["makespan_ms"], makespan),
                "mean": (measured["mean_ms"], mean),
                "noise": (max(spans) - min(spans)) / measured["makespan_ms"] / 2,
            }


def error(pair):
    measured, predicted = pair
    return predicted / measured - 1


def summary(runs, figure):
    """Errors without their signs: the median, nine in ten and the worst, and the last two less half the spread of
    the real runs."""
    raw = sorted(abs(error(run[figure])) for run in runs)
    net = sorted(max(0, abs(error(run[figure])) - run["noise"]) for run in runs)
    ninth = int(0.9 * len(raw))
    return statistics.median(raw), raw[ninth], raw[-1], net[ninth], net[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--gilsim", default="target/release/gilsim")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--profile")
    parser.add_argument("--only", action="append")
    parser.add_argument("--python", action="append", metavar="3.X")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    runs = sorted(compare(options, options.folder), key=lambda run: abs(error(run["makespan"])))
    if not runs:
        parser.error(f"no measured runs (results-3.X.jsonl) in {options.folder}")
    print(f"{'workload':24}{'':6}{'makespan measured':>18}{'predicted':>12}{'error':>9}"
          f"{'mean measured':>16}{'predicted':>12}{'error':>9}{'noise':>9}")
    for run in runs:
        (m, p), (mm, pp) = run["makespan"], run["mean"]
        print(f"{run['name']:24}{run['python']:6}{m:15.2f} ms{p:9.2f} ms{error((m, p)):9.2%}"
              f"{mm:13.2f} ms{pp:9.2f} ms{error((mm, pp)):9.2%}{run['noise']:9.2%}")
    for figure in BARS:
        median, ninth, worst, net_ninth, net_worst = summary(runs, figure)
        print(f"{figure}: median {median:.2%}, nine in ten {ninth:.2%}, worst {worst:.2%};"
              f" less noise: nine in ten {net_ninth:.2%}, worst {net_worst:.2%}")
    if options.check:
        missed = [line for python in sorted({run["python"] for run in runs})
                  for line in misses(python, [run for run in runs if run["python"] == python])]
        sys.exit("\n".join(missed) or None)


def misses(python, runs):
    """What is larger on one Python than it is to be."""
    for figure, bars in BARS.items():
        median, _, _, ninth, worst = summary(runs, figure)
        found = {"median": median, "nine in ten": ninth, "worst": worst}
        for (name, one), bar in zip(found.items(), bars):
            if one > bar:
                yield f"{python}: the {name} error of the {figure} is {one:.2%}, more than {bar:.2%}"


if __name__ == "__main__":
    main()
