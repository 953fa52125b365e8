"""Can a user see what has no price, price again, and close a month, with a collector and without?"""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.offline import Offline
from otel_burn_collector.prices_commands import PRICES
from otel_burn_collector.reader import open_ledger

OCTOBER, NOVEMBER = 1_792_000_000, 1_794_000_000
"""Some time in each month, in seconds."""


def request(*calls: dict[str, Any]) -> bytes:
    """OTLP JSON with a span for each call."""
    spans = [span(number, **call) for number, call in enumerate(calls)]
    scope = {"scope": {"name": "otel_burn"}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}).encode()


def span(
    number: int, *, at: int, model: str = "gpt-5", output: int = 1000, name: str = "a"
) -> dict[str, Any]:
    """A call of a thousand tokens each way."""
    said: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": output,
    }
    return {
        "traceId": f"{name}{number:x}".encode().hex().rjust(32, "0"),
        "spanId": f"{name}{number:x}".encode().hex().rjust(16, "0"),
        "name": "chat",
        "kind": 3,
        "startTimeUnixNano": str(at * 10**9),
        "endTimeUnixNano": str((at + 1) * 10**9),
        "attributes": [
            {"key": key, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
            for key, value in said.items()
        ],
    }


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of four calls, two of them of unknown models."""
    monkeypatch.setenv("OTEL_BURN_ALIASES", str(tmp_path / "aliases.toml"))
    (tmp_path / "aliases.toml").write_text("[models]\n")
    path = tmp_path / "burn.duckdb"
    put(
        path,
        {"at": OCTOBER},
        {"at": NOVEMBER},
        {"at": OCTOBER, "model": "prod", "output": 500},
        {"at": NOVEMBER, "model": "prod"},
    )
    return path


def put(db: Path, *calls: dict[str, Any]) -> None:
    """Load calls, as an import does."""
    with Offline(db) as offline:
        offline.put(Kind.TRACES, Encoding.JSON, request(*calls))


def run(capsys: pytest.CaptureFixture[str], db: Path, *arguments: str) -> list[dict[str, Any]]:
    """What `otel-burn prices … --json` prints."""
    import argparse

    parser = argparse.ArgumentParser()
    PRICES.configure(parser)
    assert PRICES.run(parser.parse_args([*arguments, "--db", str(db), "--json"])) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out or "[]")
    return rows


def total(db: Path) -> Decimal:
    with open_ledger(db) as ledger:
        return Decimal(ledger.query("SELECT sum(cost_usd) AS usd FROM llm_calls").to_pylist()[0]["usd"])


def test_models_without_a_price_are_listed_by_tokens(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason, and their share of all tokens."""
    (row,) = run(capsys, db, "unmatched")
    assert (row["provider"], row["request_model"], row["calls"], row["tokens"]) == ("openai", "prod", 2, 3500)
    assert "no price list has the model 'prod'" in row["reason"]
    assert row["percent_of_tokens"] == pytest.approx(46.67)


@pytest.mark.parametrize("served", [False, True])
def test_pricing_again_shows_the_difference_before_it_writes(
    db: Path,
    tmp_path: Path,
    served: bool,
    capsys: pytest.CaptureFixture[str],
    start_collector: Callable[..., Any],
) -> None:
    """A dry run changes nothing; then the calls since that day cost what the alias says, the others nothing yet."""
    if served:
        start_collector(db=db, OTEL_BURN_ALIASES=str(tmp_path / "aliases.toml"))
    before = total(db)
    (tmp_path / "aliases.toml").write_text('[models]\n"prod" = "gpt-5"\n')
    (shown,) = run(capsys, db, "reprice", "--since", "2026-11-01", "--dry-run")
    assert (shown["calls"], shown["newly_priced"], Decimal(str(shown["difference_usd"]))) == (
        1,
        1,
        Decimal("0.01125"),
    )
    assert total(db) == before
    assert run(capsys, db, "reprice", "--since", "2026-11-01") == [shown]
    assert total(db) == before + Decimal("0.01125")
    assert run(capsys, db, "reprice", "--since", "2026-11-01") == []
    assert not list(db.parent.glob(".*copy*"))


def test_a_closed_month_stays_and_what_comes_late_is_the_next_ones(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A late call, a price that is known later, and a second closing; the sum of all months is that of all calls."""
    (closed,) = run(capsys, db, "close", "2026-10")
    assert (closed["closed"], Decimal(str(closed["cost_usd"]))) == (True, Decimal("0.01125"))
    put(db, {"at": OCTOBER, "name": "b"})
    (tmp_path / "aliases.toml").write_text('[models]\n"prod" = "gpt-5"\n')
    run(capsys, db, "reprice", "--since", "2026-01-01")
    october, november = months(capsys, db)
    assert october == ("2026-10", True, Decimal("0.01125"), Decimal(0))
    assert november == ("2026-11", False, Decimal("0.03375"), Decimal("0.01125"))
    assert total(db) == october[2] + november[2]
    with open_ledger(db) as ledger:
        ledger.close_period("2026-11")
        ledger.close_period("2026-10")
    put(db, {"at": OCTOBER, "name": "c"}, {"at": NOVEMBER, "name": "c"})
    assert months(capsys, db) == [
        october,
        (november[0], True, *november[2:]),
        ("2026-12", False, Decimal("0.0225"), Decimal("0.0225")),
    ]


def test_a_month_is_closed_while_a_collector_runs(
    db: Path, capsys: pytest.CaptureFixture[str], start_collector: Callable[..., Any]
) -> None:
    """The collector itself closes it; what it receives late for that month is the next one's, also after a restart."""
    collector = start_collector(db=db)
    (closed,) = run(capsys, db, "close", "2026-10")
    assert (closed["closed"], Decimal(str(closed["cost_usd"]))) == (True, Decimal("0.01125"))
    late = request({"at": OCTOBER, "name": "b"})
    assert collector.send(late, content_type="application/json").status == 200
    with collector.ledger():  # all of it is loaded
        pass
    assert months(capsys, db)[1][3] == Decimal("0.01125")
    collector.stop()
    october, november = months(capsys, db)
    assert october == ("2026-10", True, Decimal("0.01125"), Decimal(0))
    assert november == ("2026-11", False, Decimal("0.0225"), Decimal("0.01125"))


def months(capsys: pytest.CaptureFixture[str], db: Path) -> list[tuple[Any, ...]]:
    rows = run(capsys, db, "periods")
    return [
        (row["period"], row["closed"], *(Decimal(str(row[name])) for name in ("cost_usd", "adjustments_usd")))
        for row in rows
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("close",), "Name the month to close, as 2026-10; got None"),
        (("close", "10/2026"), "got '10/2026'"),
        (("close", "2098-01"), "is not over yet"),
        (("reprice",), "Say a day"),
        (("reprice", "--since", "yesterday"), "got 'yesterday'"),
    ],
)
def test_a_mistake_is_an_error_that_says_what_to_write(
    db: Path, arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing has happened."""
    with pytest.raises(BurnError, match=sentence):
        run(capsys, db, *arguments)
