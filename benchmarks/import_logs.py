"""How long does a month of session logs take? The captured logs of five agents, multiplied with fresh ids, imported.

python benchmarks/import_logs.py --megabytes 2000 --folder /var/tmp/logs
"""

import argparse
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

CAPTURES = (
    Path(os.environ.get("OTEL_BURN_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "captures"
)
ID = re.compile(
    rb"\b(?:[a-z]+_)?(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{24,64})\b"
    rb"|\bagent-[0-9a-f]{8,}|(?<=\"id\":\")[0-9a-f]{8}(?=\")|(?<=\"parentId\":\")[0-9a-f]{8}(?=\")"
)
TIME = re.compile(rb"2026-11-22T\d\d|\b1795[3-4]\d{8}\b")
"""The hour of a written time, or a whole time in milliseconds, of the day on which all were captured."""
HOUR_MS = 3_600_000
ROWS = {
    "claude-code-2.1.330": "claude/projects/-work/{}.jsonl",
    "claude-code-2.1.330__resume-fork": "claude/projects/-work/{}.jsonl",
    "codex-0.169.0": "codex/sessions/2026/11/{}.jsonl",
    "gemini-cli-0.61.0": "gemini/tmp/app/chats/{}.jsonl",
    "openclaw-2026.4.29__chat-send": "openclaw/agents/main/sessions/{}.jsonl",
}
DATABASES = {
    "opencode-1.18.33": ("opencode/opencode.db", ("session", "message", "part")),
    "openclaw-2026.9.6": ("openclaw/agents/main/agent/openclaw-agent.sqlite", ("transcript_events",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the logs and the ledger go; is emptied"
    )
    parser.add_argument("--keep", action="store_true", help="import what is there already")
    arguments = parser.parse_args()
    folder, wanted = arguments.folder, arguments.megabytes * 10**6
    if not arguments.keep:
        shutil.rmtree(folder, ignore_errors=True)
        copies = write_rows(folder / "logs", wanted)
        for name in DATABASES:
            write_database(folder / "logs", name, copies)
        print(f"{copies:,} copies of each capture written", flush=True)
    shutil.rmtree(folder / "ledger", ignore_errors=True)
    size = sum(file.stat().st_size for file in (folder / "logs").rglob("*") if file.is_file())
    for name in ("first", "second", "after one session grew"):
        if name.startswith("after"):
            grow(folder / "logs")
        report(name, size, timed(folder))


def write_rows(folder: Path, size: int) -> int:
    """Write copies of the logs that are rows until there are *size* bytes."""
    templates = [template for name in ROWS for template in templates_of(folder, name)]
    written = number = 0
    while written < size:
        number += 1
        written += sum(write(number) for write in templates)
    return number


def templates_of(folder: Path, name: str) -> Iterator[Callable[[int], int]]:
    """Functions that write the copy of a capture's logs with a number, and return its size."""
    for file in sorted((CAPTURES / name / "session_files").rglob("*.jsonl")):
        if "trajectory" not in file.name:
            place = str(folder / ROWS[name])
            yield partial(write_copy, place, file.stem[-36:].encode(), *split(file.read_bytes()))


def split(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """What stands between the ids in *data*, and the ids."""
    between, ids, end = [], [], 0
    for found in ID.finditer(data):
        between.append(data[end : found.start()])
        ids.append(found[0])
        end = found.end()
    return [*between, data[end:]], ids


def write_copy(place: str, stem: bytes, between: list[bytes], ids: list[bytes], number: int) -> int:
    """Write the copy with this *number*: its ids, and an hour of the month, are its own."""
    fresh = b"%06x" % number
    parts = [between[0]]
    for one, rest in zip(ids, between[1:], strict=True):
        parts += (one[:-6], fresh, rest)
    path = Path(place.format((stem[:-6] + fresh).decode()))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(moved(b"".join(parts), number))


def moved(data: bytes, number: int) -> bytes:
    """*data* with its times moved to the hour of the month that belongs to the copy with this *number*."""
    hour = datetime(2026, 11, number // 24 % 28 + 1, number % 24, tzinfo=UTC)

    def move(found: re.Match[bytes]) -> bytes:
        if found[0].startswith(b"2026"):
            return hour.strftime("%Y-%m-%dT%H").encode()
        return b"%d" % (hour.timestamp() * 1000 + int(found[0]) % HOUR_MS)

    return TIME.sub(move, data)


def write_database(folder: Path, name: str, copies: int) -> None:
    """Write a capture's database with so many copies of its rows."""
    place, tables = DATABASES[name]
    (source,) = (CAPTURES / name / "session_files").rglob(Path(place).name)
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)
    path.chmod(0o644)
    con = sqlite3.connect(path)
    con.create_function(
        "octet_length", 1, lambda text: len(text.encode()), deterministic=True
    )  # SQLite < 3.43
    con.execute("PRAGMA foreign_keys = off")
    con.execute("PRAGMA journal_mode = delete")
    for table in tables:
        rows = con.execute(f"SELECT * FROM {table}").fetchall()
        marks = ",".join("?" * len(rows[0]))
        for number in range(1, copies):
            fresh = [[_fresh(value, number) for value in row] for row in rows]
            con.executemany(f"INSERT INTO {table} VALUES ({marks})", fresh)
    con.commit()
    con.close()


def _fresh(value: object, number: int) -> object:
    if isinstance(value, int):
        return int(moved(str(value).encode(), number))
    if not isinstance(value, str):
        return value
    text = re.sub(r"\b((?:ses|msg|prt)_\w+?)\w{6}\b", rf"\g<1>{number:06d}", value)
    return ID.sub(lambda found: found[0][:-6] + b"%06x" % number, moved(text.encode(), number)).decode()


def grow(folder: Path) -> None:
    """Add what a session says last once more, as a new response."""
    file = sorted((folder / "claude").rglob("*.jsonl"))[0]
    rows = file.read_bytes().splitlines()
    last = json.loads([row for row in rows if b'"type":"assistant"' in row][-1])
    last["message"]["id"], last["requestId"] = "msg_of_a_new_response", "req_of_a_new_response"
    last["parentUuid"], last["uuid"] = last["uuid"], "00000000-0000-4000-8000-000000000000"
    with file.open("ab") as log:
        log.write(json.dumps(last).encode() + b"\n")


def timed(folder: Path) -> tuple[float, float, int, dict]:
    """Import; seconds of the clock and of CPU, the largest process in MiB, and what it said."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [
        sys.executable,
        "-m",
        "otel_burn",
        "import",
        "--json",
        "--db",
        folder / "ledger" / "burn.duckdb",
    ]
    done = subprocess.run(
        [*map(str, command), str(folder / "logs")], capture_output=True, text=True, check=True
    )
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, after.ru_maxrss // 1024, json.loads(done.stdout)


def report(name: str, size: int, measured: tuple[float, float, int, dict]) -> None:
    seconds, cpu, peak, said = measured
    calls = sum(found["calls"] for found in said["logs"].values())
    known = sum(row["calls"] for row in said["burned"]["all"])
    print(
        f"{name}: {size / 1e9:.2f} GB, {calls:,} new calls, {known:,} in the ledger; {seconds:.1f} s, "
        f"{cpu:.1f} s of CPU, at most {peak:,} MiB",
        flush=True,
    )


if __name__ == "__main__":
    main()
