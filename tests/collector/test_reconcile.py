"""Does the ledger meet the provider's own export, and FOCUS rows the ledger, to the cent?"""

import argparse
import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.offline import Offline
from otel_burn_collector.prices_commands import EXPORT, RECONCILE
from otel_burn_collector.provider_exports import read_export
from otel_burn_collector.reader import open_ledger

DAY = 1_794_009_600
"""2026-11-07 00:00 UTC, in seconds."""
MODELS = (
    ("openai", "gpt-5-2025-08-07"),
    ("openai", "o3"),
    ("anthropic", "claude-opus-5-5"),
    ("openai", "mystery"),
)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two calls of each model, of a thousand tokens each way."""
    path = tmp_path_factory.mktemp("ledger") / "burn.duckdb"
    spans = [span(number, *model) for number, model in enumerate(MODELS * 2)]
    scope = {"scope": {"name": "otel_burn"}, "spans": spans}
    body = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}
    with Offline(path) as offline:
        offline.put(Kind.TRACES, Encoding.JSON, json.dumps(body).encode())
    return path


def span(number: int, provider: str, model: str) -> dict[str, Any]:
    """A call at nine in the morning."""
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.agent.name": "triage",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 1000,
    }
    return {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": "chat",
        "kind": 3,
        "startTimeUnixNano": str((DAY + 32_400 + number) * 10**9),
        "endTimeUnixNano": str((DAY + 32_401 + number) * 10**9),
        "attributes": [
            {"key": key, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
            for key, value in said.items()
        ],
    }


def run(command: Any, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    code: int = command.run(parser.parse_args(list(arguments)))
    return code


def reconciled(
    db: Path, file: Path, capsys: pytest.CaptureFixture[str], *, code: int = 0
) -> dict[str, dict[str, Any]]:
    """The rows by model."""
    assert run(RECONCILE, str(file), "--db", str(db), "--json") == code
    return {row["model"]: row for row in json.loads(capsys.readouterr().out)}


def openai(**results: dict[str, Any]) -> str:
    """A page of OpenAI's administration API."""
    rows = [{"model": model.replace("_", "-"), **said} for model, said in results.items()]
    return json.dumps(
        {"object": "page", "data": [{"start_time": DAY, "end_time": DAY + 86_400, "results": rows}]}
    )


def test_what_agrees_has_no_cause_and_what_differs_has_the_likely_one(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A snapshot is its model; fewer calls there, more here, kinds of tokens, and models that only one side has."""
    file = tmp_path / "usage.json"
    file.write_text(
        openai(
            gpt_5={
                "input_tokens": 2000,
                "output_tokens": 2000,
                "input_cached_tokens": 0,
                "num_model_requests": 2,
            },
            o3={"input_tokens": 9000, "output_tokens": 2000, "num_model_requests": 9},
            o4_mini={"input_tokens": 5, "output_tokens": 5, "num_model_requests": 1},
        )
    )
    rows = reconciled(db, file, capsys)
    assert (rows["gpt-5"]["ledger_tokens"], rows["gpt-5"]["likely_cause"]) == (4000, "")
    assert "7,000 tokens more there" in rows["o3"]["likely_cause"]
    assert "the ledger saw none of it" in rows["o4-mini"]["likely_cause"]
    assert "the provider's export has none of it" in rows["mystery"]["likely_cause"]


@pytest.mark.parametrize(
    ("usd", "cause"),
    [
        (Decimal("0.0225"), ""),
        (Decimal("0.01125"), "a batch"),
        (Decimal("0.02475"), "data residency"),
        (Decimal("0.045"), "priority"),
        (Decimal("0.0325"), "a fee that no answer tells"),
        (Decimal("0.0125"), "a discount"),
    ],
)
def test_a_difference_in_money_alone_has_its_own_causes(
    db: Path, tmp_path: Path, usd: Decimal, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The costs of OpenAI's API, line item by line item."""
    file = tmp_path / "costs.json"
    half = {"value": float(usd / 2), "currency": "usd"}
    rows = [{"line_item": f"gpt-5-2025-08-07, {what}", "amount": half} for what in ("input", "output")]
    file.write_text(json.dumps({"data": [{"start_time": DAY, "results": rows}]}))
    row = reconciled(db, file, capsys)["gpt-5"]
    assert Decimal(str(row["difference_usd"])) == Decimal("0.0225") - usd
    assert cause in row["likely_cause"]
    assert bool(cause) == bool(row["likely_cause"])


def test_anthropics_api_and_console_say_the_same(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its API counts input without the cache, and money in cents; the console's CSV has other names."""
    page = {"starting_at": "2026-11-07T00:00:00Z", "results": [
        {"model": "claude-opus-5-5", "uncached_input_tokens": 2000, "cache_read_input_tokens": 0, "output_tokens": 2000,
         "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0}}]}  # fmt: skip
    cost = {"starting_at": "2026-11-07T00:00:00Z", "results": [
        {"model": "claude-opus-5-5", "amount": "4.8", "currency": "USD"}]}  # fmt: skip
    usage = tmp_path / "usage.jsonl"
    usage.write_text("\n".join(json.dumps({"data": [one]}) for one in (page, cost)))
    console = tmp_path / "usage.csv"
    console.write_text(
        "usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_output_tokens\n"
        "2026-11-07,claude-opus-5-5,1000,0,1000\n2026-11-07,claude-opus-5-5,1000,0,1000\n"
    )
    assert [reconciled(db, file, capsys)["claude-opus-5-5"]["likely_cause"] for file in (usage, console)] == [
        "",
        "",
    ]
    (used,) = read_export(usage, None).used.values()
    assert used.usd == Decimal("0.048")


def test_rows_that_cannot_be_read_are_told_and_the_rest_is_compared(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their number; a file that is no export at all is an error."""
    file = tmp_path / "usage.csv"
    file.write_text(
        "start_time_iso,model,input_tokens,output_tokens,num_model_requests\n"
        "2026-11-07,gpt-5,2000,2000,2\nyesterday,gpt-5,1,1,1\n2026-11-07,o3,many,1,1\n"
    )
    assert run(RECONCILE, str(file), "--db", str(db), "--json") == 1
    told = capsys.readouterr()
    assert "row 2: it says no day" in told.err
    assert "row 3: 'many' is no number of tokens" in told.err
    assert {row["model"] for row in json.loads(told.out)} >= {"gpt-5"}
    for content in ("a,b\n1,2\n", '{"hello": 1}', "{"):
        file.write_text(content)
        with pytest.raises(BurnError):
            run(RECONCILE, str(file), "--db", str(db))


def test_focus_rows_add_up_to_the_ledger(db: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Tokens as consumed quantity, the model as SKU, a price id; and how much has no price is told."""
    assert run(EXPORT, "focus", "--since", "2026-11-01", "--db", str(db)) == 0
    out, said = capfdbinary.readouterr()
    rows = list(csv.DictReader(out.decode().splitlines()))
    with open_ledger(db) as ledger:
        (total,) = ledger.query("SELECT sum(cost_usd) AS usd FROM llm_calls").to_pylist()
    assert sum(Decimal(row["EffectiveCost"]) for row in rows) == total["usd"]
    (opus,) = [row for row in rows if (row["SkuId"], row["SkuMeter"]) == ("claude-opus-5-5", "output tokens")]
    assert (opus["ConsumedQuantity"], opus["ConsumedUnit"], opus["ListUnitPrice"][:7]) == (
        "2000",
        "Tokens",
        "0.00002",
    )
    assert (opus["ServiceCategory"], opus["x_Agent"]) == ("AI and Machine Learning", "triage")
    assert opus["ChargePeriodStart"].startswith("2026-11-07")
    assert opus["ChargeDescription"].startswith("Estimate at list price, not an invoice")
    assert len(opus["SkuPriceId"]) == 16
    assert b"6 priced calls; 2 calls without a price (4,000 tokens) are not among them" in said
