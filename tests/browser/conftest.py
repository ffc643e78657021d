"""What a person opens in a browser, opened in one: headless Chromium, no network but loopback.

`.ci/run` prepares the interpreter (requirements.txt) and says in GILSIM which program is tested.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
GILSIM = Path(os.environ.get("GILSIM", ROOT / "target/release/gilsim")).resolve()


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Runs a scenario, given as a file of the repository or as text, and returns the folder of its results."""

    def play(scenario, *arguments):
        out = tmp_path_factory.mktemp("output")
        file = ROOT / "scenarios" / scenario
        if "\n" in scenario:
            file = out / "written.toml"
            file.write_text(scenario, encoding="utf-8")
        subprocess.run([GILSIM, "run", file, "-q", "--no-chart", "--out", out, *arguments], check=True)
        return out / file.stem

    return play


@pytest.fixture(scope="session")
def chromium():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "these tests need Chromium: install it, or say in CHROMIUM where it is"
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()
