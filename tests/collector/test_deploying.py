"""Are the files that run a collector as a service sound, as far as that can be told here?"""

import argparse
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from otel_burn_collector.commands import COLLECTOR

FOLDER = Path(__file__).parents[2] / "collector" / "deploy"


@pytest.fixture(autouse=True)
def _needs_the_files() -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"needs {FOLDER}, which is not in a wheel")


def test_the_unit_is_one(tmp_path: Path) -> None:
    """systemd finds nothing wrong with it, once its program is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze, which is not installed here")
    unit = tmp_path / "otel-burn.service"
    text = (FOLDER / "otel-burn.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/otel-burn/bin/otel-burn", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["otel-burn.service", "Dockerfile"])
def test_it_starts_a_command_that_there_is(name: str) -> None:
    """The options are ones that `otel-burn collector` takes."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    starts = [one for one in lines if one.startswith(("ExecStart=", "ENTRYPOINT ", "CMD "))]
    words = [word for one in starts for word in shlex.split(one.translate(str.maketrans("[],", "   ")))]
    parser = argparse.ArgumentParser()
    COLLECTOR.configure(parser)
    options = [word for word in words[words.index("collector") + 1 :] if word != "CMD"]
    assert parser.parse_args(options).log_format == "json"
    assert "User=otel-burn" in lines or "USER 10001" in lines
