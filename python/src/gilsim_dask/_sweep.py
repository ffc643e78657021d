"""A sweep in shards: what goes to the workers, what comes back, how it is joined."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import Client, Future, as_completed

if TYPE_CHECKING:
    import pandas

#: Shards per worker thread, where the caller says nothing: enough that one slow shard delays nobody for long.
SHARDS_PER_THREAD = 4


class GilsimError(RuntimeError):
    """gilsim ended with an error; the message is gilsim's own."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, code)
        self.message = message
        #: gilsim's exit code: 2 the scenario or the arguments are wrong, 3 a file, 70 a bug.
        self.code = code

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Part:
    """The results of one shard."""

    csv: bytes
    manifest: bytes


def sweep(
    client: Client,
    scenario: str | Path,
    *,
    vary: Sequence[str],
    replicates: int | None = None,
    arguments: Sequence[str] = (),
    files: Sequence[str | Path] = (),
    shards: int | None = None,
    retries: int = 3,
    gilsim: str = "gilsim",
    csv: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path | pandas.DataFrame:
    """Plays a scenario over lists and ranges of values, on the workers of a cluster.

    `vary`, `replicates` and `arguments` (such as `["--set", "machine.cores=8", "--tool", "asyncio"]`) are those of
    `gilsim sweep`. `files` are the files that the scenario names (profiles, samples, arrivals), in its folder or
    below; the scenario and they are sent along, so that workers need nothing but the program `gilsim`, which is
    looked for on their PATH, or is where `gilsim` says (of the same version everywhere, here too, where the parts
    are joined).

    A shard whose worker dies is played again elsewhere, and one that fails for a reason that another try may mend is
    tried `retries` times more. `progress` is called with the number of shards that are done, and of all;
    without it, and with a terminal, a line on stderr says so.

    Returns the path of the CSV file if `csv` names one, else a pandas DataFrame.

    Raises `GilsimError` with gilsim's own message, `ValueError` where a file is not below the scenario's folder.
    """
    scenario = Path(scenario)
    sent = _read(scenario, files)
    options = [argument for one in vary for argument in ("--vary", one)]
    if replicates is not None:
        options += ["--replicates", str(replicates)]
    options += arguments
    count = shards or max(1, SHARDS_PER_THREAD * sum(client.nthreads().values()))
    futures = [
        client.submit(
            _play,
            gilsim, scenario.name, sent, options, f"{i}/{count}",
            key=f"gilsim-{scenario.stem}-{i}-of-{count}-{_digest(sent, options)}",
            retries=retries,
        )
        for i in range(1, count + 1)
    ]
    try:
        merged = _merge(gilsim, _collect(futures, progress or _say))
    finally:
        client.cancel(futures)
    if csv is None:
        return _frame(merged)
    path = Path(csv)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(merged)
    beside.replace(path)  # It appears whole or not at all.
    return path


def _read(scenario: Path, files: Sequence[str | Path]) -> dict[str, bytes]:
    """The files to be sent, by their names relative to the scenario."""
    sent = {scenario.name: scenario.read_bytes()}
    for file in map(Path, files):
        path = file if file.is_absolute() else scenario.parent / file
        name = path.resolve()
        if not name.is_relative_to(scenario.parent.resolve()):
            raise ValueError(f"{file} is not in the folder of {scenario} or below it")
        sent[name.relative_to(scenario.parent.resolve()).as_posix()] = path.read_bytes()
    return sent


def _digest(sent: Mapping[str, bytes], options: Sequence[str]) -> str:
    from hashlib import sha256

    return sha256(repr((sorted(sent.items()), list(options))).encode()).hexdigest()[:16]


def _play(gilsim: str, scenario: str, sent: Mapping[str, bytes], options: Sequence[str], shard: str) -> Part:
    """Plays one shard, on a worker; safe to be done twice."""
    with tempfile.TemporaryDirectory(prefix="gilsim-") as folder:
        for name, content in sent.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # One thread a task: Dask's workers share out the cores.
        command = ["sweep", scenario, *options, "--shard", shard, "--jobs", "1", "--quiet", "--out", "output"]
        _run(gilsim, command, folder)
        (part,) = Path(folder, "output").glob("*/sweep/*/")
        return Part((part / "sweep.csv").read_bytes(), (part / "manifest.json").read_bytes())


def _collect(futures: Sequence[Future], progress: Callable[[int, int], None]) -> list[Part]:
    """The parts, in the order of the shards."""
    for done, future in enumerate(as_completed(futures), 1):
        future.result()  # The first error ends the sweep.
        progress(done, len(futures))
    return [future.result() for future in futures]


def _merge(gilsim: str, parts: Sequence[Part]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="gilsim-") as folder:
        names = []
        for i, part in enumerate(parts, 1):
            place = Path(folder, str(i))
            place.mkdir()
            (place / "sweep.csv").write_bytes(part.csv)
            (place / "manifest.json").write_bytes(part.manifest)
            names.append(f"{i}/sweep.csv")
        return _run(gilsim, ["merge", *names], folder)


def _run(gilsim: str, arguments: Sequence[str], folder: str) -> bytes:
    try:
        ended = subprocess.run([gilsim, *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise GilsimError(f"there is no program `{gilsim}` here: install gilsim, or say where it is", 3) from error
    # A deadlock is a result: the other tools have theirs.
    if ended.returncode not in (0, 1):
        raise GilsimError(ended.stderr.decode(errors="replace").strip(), ended.returncode)
    return ended.stdout


def _frame(merged: bytes) -> pandas.DataFrame:
    from io import BytesIO

    try:
        import pandas
    except ImportError as error:
        raise ImportError("for a DataFrame install gilsim-dask[pandas], or give a path in `csv`") from error
    return pandas.read_csv(BytesIO(merged))


def _say(done: int, count: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == count else ""
        print(f"\rgilsim: {done} of {count} shards", end=end, file=sys.stderr, flush=True)
