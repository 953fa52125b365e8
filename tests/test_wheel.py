"""Does the wheel hold what it needs, and nothing that is not ours?"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = {
    "otel_burn": ROOT,
    "otel_burn_collector": ROOT / "collector",
    "otel_burn_analytics": ROOT / "analytics",
    "otel_burn_dashboards": ROOT / "dashboards",
}


def test_every_file_of_every_part_ships(tmp_path: Path) -> None:
    """Code, SQL, rates and pages are in the wheel; tests, benchmarks and folders named `collector` are not."""
    pytest.importorskip("hatchling", reason="needs the build backend, in the extra `dev`")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    expected = {
        str((ROOT / name).relative_to(base))
        for name in tracked
        for part, base in PARTS.items()
        if (ROOT / name).is_relative_to(base / part)
    }
    assert shipped == expected
    assert {name.split("/")[0] for name in shipped} == set(PARTS)
