"""A scheduler and two worker processes over loopback; one of them is killed on the way."""

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from gilsim_dask import GilsimError, sweep

ROOT = Path(__file__).parents[2]
GILSIM = str(Path(os.environ.get("GILSIM", ROOT / "target/release/gilsim")).resolve())
SCENARIO = ROOT / "scenarios/download-100-pages.toml"
VARY = ["tools.workers=1..24"]


@pytest.fixture(scope="module")
def client():
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None)
    with cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """What one machine makes of it."""
    out = tmp_path_factory.mktemp("local")
    command = [GILSIM, "sweep", SCENARIO, "--vary", *VARY, "--replicates", "3", "-q", "--out", out]
    subprocess.run(command, check=True)
    return (out / SCENARIO.stem / "sweep/sweep.csv").read_bytes()


def test_a_worker_that_is_killed_changes_no_byte(client, local, tmp_path):
    pids = client.run(os.getpid)
    killed = []

    def kill_one(done, count):
        if not killed and done >= 3:
            assert done < count
            (victim, *_) = pids.values()
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    path = sweep(
        client, SCENARIO, vary=VARY, replicates=3, shards=16, gilsim=GILSIM, csv=tmp_path / "s.csv", progress=kill_one
    )
    assert killed, "nobody was killed before the end"
    assert path.read_bytes() == local
    assert [it.name for it in tmp_path.iterdir()] == ["s.csv"]


def test_without_a_path_the_result_is_a_data_frame(client, local):
    frame = sweep(client, SCENARIO, vary=VARY, replicates=3, shards=3, gilsim=GILSIM)
    assert len(frame) == local.count(b"\n") - 1
    assert frame["makespan_ns"].dtype == "int64" and set(frame["replicate"]) == {0, 1, 2}


def test_files_that_the_scenario_names_go_along(client, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/latencies.csv").write_text("1ms\n2ms\n")
    scenario = tmp_path / "sampled.toml"
    scenario.write_text(
        '[sites.a]\nlatency = { samples = "data/latencies.csv" }\n[[tasks]]\ncount = 3\nsteps = [{ wait = "a" }]\n'
        '[[tools]]\nuse = "asyncio"\n'
    )
    frame = sweep(client, scenario, vary=["machine.cores=1,2"], files=["data/latencies.csv"], shards=2, gilsim=GILSIM)
    assert len(frame) == 2
    with pytest.raises(ValueError, match="not in the folder"):
        sweep(client, scenario, vary=["machine.cores=1"], files=["/etc/hostname"], gilsim=GILSIM)


def test_what_is_wrong_is_told_in_gilsim_s_words(client):
    with pytest.raises(GilsimError, match="core") as told:
        sweep(client, SCENARIO, vary=["machine.coers=1,2"], shards=1, retries=0, gilsim=GILSIM)
    assert told.value.code == 2
    with pytest.raises(GilsimError, match="no program `no-such-gilsim`"):
        sweep(client, SCENARIO, vary=VARY, shards=1, retries=0, gilsim="no-such-gilsim")


def test_progress_counts_every_shard_once(client):
    seen = []
    lock = threading.Lock()

    def note(done, count):
        with lock:
            seen.append((done, count))

    sweep(client, SCENARIO, vary=VARY, shards=4, gilsim=GILSIM, progress=note)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_program_is_there():
    assert shutil.which(GILSIM)
