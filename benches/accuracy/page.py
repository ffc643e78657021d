"""The table of docs/accuracy.md and its chart, from the same comparison that compare.py prints.

usage: page.py FOLDER PAGE CHART [--gilsim EXE]

FOLDER is as for compare.py. What stands in PAGE between the two marks is written anew, and CHART (SVG).
"""
import argparse
import math
import pathlib

import compare

MARKS = ("<!-- table: benches/accuracy/page.py -->", "<!-- end of table -->")
COLOURS = {"3.11": "#0072b2", "3.12": "#d55e00", "3.13": "#009e73", "3.14": "#cc79a7", "3.15": "#e69f00"}


def worst_first(runs):
    """The runs, those whose makespan is missed most first."""
    return sorted(runs, key=lambda run: -abs(compare.error(run["makespan"])))


def table(runs):
    """A Markdown table of all runs and the bars below it."""
    lines = ["| workload | Python | makespan measured | predicted | error | mean response measured | predicted | error | half the spread |",
             "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    for run in worst_first(runs):
        cells = [run["name"], run["python"]]
        for figure in ("makespan", "mean"):
            measured, predicted = run[figure]
            cells += [f"{measured:.1f} ms", f"{predicted:.1f} ms", f"{compare.error(run[figure]):+.1%}"]
        lines.append("| " + " | ".join([*cells, f"{run['noise']:.1%}"]) + " |")
    lines += ["", "| figure | median | nine in ten | worst | nine in ten, less half the spread | worst, less half the spread |",
              "|---|--:|--:|--:|--:|--:|"]
    for figure in ("makespan", "mean"):
        median, *rest = compare.summary(runs, figure)
        name = "makespan" if figure == "makespan" else "mean response"
        lines.append(f"| {name} | {median:.2%} | " + " | ".join(f"{one:.1%}" for one in rest) + " |")
    return "\n".join(lines)


def chart(runs):
    """Predicted against measured makespans, both on logarithmic axes, as SVG."""
    size, left, low, high = 560, 70, math.log10(10), math.log10(20_000)

    def place(milliseconds):
        return (math.log10(milliseconds) - low) / (high - low) * (size - left - 30)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif" font-size="13">',
             f'<rect width="{size}" height="{size}" fill="white"/>',
             f'<text x="{left}" y="20">Predicted against measured makespan; on the line they are equal</text>']
    base = size - left

    def at(x, y):
        return f"{left + place(x):.1f}", f"{base - place(y):.1f}"

    for tick in (10, 100, 1000, 10_000):
        x, y = at(tick, tick)
        parts += [f'<line x1="{left}" y1="{y}" x2="{size - 20}" y2="{y}" stroke="#ddd"/>',
                  f'<line x1="{x}" y1="40" x2="{x}" y2="{base}" stroke="#ddd"/>',
                  f'<text x="{x}" y="{base + 20}" text-anchor="middle">{tick:g} ms</text>',
                  f'<text x="{left - 6}" y="{y}" text-anchor="end">{tick:g} ms</text>']
    (x1, y1), (x2, y2) = at(10, 10), at(20_000, 20_000)
    parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#555"/>')
    for run in sorted(runs, key=lambda run: (run["name"], run["python"])):
        x, y = at(*run["makespan"])
        parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{COLOURS[run["python"]]}" fill-opacity="0.7">'
                     f'<title>{run["name"]}, {run["python"]}: {compare.error(run["makespan"]):+.1%}</title></circle>')
    for row, (python, colour) in enumerate(COLOURS.items()):
        parts += [f'<circle cx="{left + 20}" cy="{60 + 20 * row}" r="4" fill="{colour}"/>',
                  f'<text x="{left + 32}" y="{64 + 20 * row}">CPython {python}</text>']
    parts += [f'<text x="{(size + left) / 2}" y="{size - 20}" text-anchor="middle">measured</text>',
              f'<text x="16" y="{size / 2}" text-anchor="middle" transform="rotate(-90 16 {size / 2})">predicted</text>', "</svg>", ""]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("folder", "page", "chart"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--gilsim", default="target/release/gilsim")
    options = parser.parse_args()
    options.cores, options.profile, options.only, options.python = 2, None, None, None
    runs = list(compare.compare(options, options.folder))
    page = options.page.read_text()
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    options.page.write_text(f"{before}{MARKS[0]}\n{table(runs)}\n{MARKS[1]}{after}")
    options.chart.write_text(chart(runs))


if __name__ == "__main__":
    main()
