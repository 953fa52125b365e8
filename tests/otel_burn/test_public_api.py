"""Is the public face what it says?"""

import subprocess
import sys

import pytest

import otel_burn
from otel_burn import cli


def test_all_names_exist() -> None:
    """Every name in `__all__` is there and documented; nothing else answers."""
    assert all(getattr(otel_burn, name).__doc__ for name in otel_burn.__all__)
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = otel_burn.nothing_here


def test_an_unknown_command_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command is named, with what there is, and exit code 2."""
    assert cli.main(["reprot"]) == 2
    said = capsys.readouterr().err
    assert "'reprot'" in said
    assert "report" in said


def test_every_command_has_help() -> None:
    """Every registered command loads and explains itself."""
    for name in cli.commands():
        done = subprocess.run(
            [sys.executable, "-m", "otel_burn", name, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) > 3


def test_a_missing_part_names_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command whose part is not installed says what to install."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for name in [name for name in sys.modules if name.startswith("otel_burn_collector")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["sql", "SELECT 1"]) == 1
    assert "pip install 'otel-burn[collector]'" in capsys.readouterr().err
