"""Measure the programs of this folder, or of another one, on a Python: a JSON line for each program and tool.

usage: measure.py PYTHON [--folder FOLDER] [--times N] [--only NAME]... >results-3.X.jsonl

Each program is what an ordinary user would write: `python NAME.py TOOL` prints what it returned and how many seconds
it took. `unit` is what one piece of its computing takes alone, in nanoseconds. Nothing else may run meanwhile.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent


def run(python, program, tool):
    """What a program returned, and the seconds that it took."""
    printed = subprocess.run([python, program, tool], check=True, capture_output=True, text=True)
    returned, seconds = printed.stdout.split()
    return returned, float(seconds)


def measure(python, program, times):
    """A record of each tool of a program; the tools take turns."""
    tools = re.findall(r'"(\w+)": \w', program.read_text().split("TOOLS = {")[1])
    seconds = {tool: [] for tool in tools}
    units = []
    for _ in range(times):
        for tool in tools:
            returned, took = run(python, program, tool)
            seconds[tool].append(took)
            if tool == "unit":
                units.append(float(returned))
    unit = statistics.median(units) if units else 0.0
    for tool in tools:
        if tool != "unit":
            yield {"program": program.stem, "tool": tool, "unit_ns": round(unit),
                   "seconds": [round(took, 5) for took in sorted(seconds[tool])]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("python")
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", action="append")
    options = parser.parse_args()
    programs = (path for path in sorted(options.folder.glob("*.py"))
                if path.name not in ("measure.py", "compare.py"))
    for program in programs:
        if options.only and program.stem not in options.only:
            continue
        for record in measure(options.python, program, options.times):
            print(json.dumps(record), flush=True)


if __name__ == "__main__":
    sys.exit(main())
