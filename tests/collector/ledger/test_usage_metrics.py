"""Do an emitter's own metrics add up to what it measured, however it sends them?"""

import random
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pytest

from otel_burn_collector.batch import LOGS, METRICS, SPANS, Batch

START = 1_795_345_760 * 10**9
SECOND = 10**9
Row = dict[str, Any]
RISES = (100, 0, 50, 7)
"""What a process used from one export to the next."""


def points(temporality: str, *, kind: str = "input", process: str = "1", began: int | None = 0) -> list[Row]:
    """A series of a token counter, that rises by RISES; its process *began* so many seconds after START."""
    rows, so_far = [], 0
    first = START + (began or 0) * SECOND
    for number, rise in enumerate(RISES):
        so_far += rise
        is_delta = temporality == "delta"
        rows.append(
            dict.fromkeys(METRICS.names)
            | {
                "point_id": f"{kind}{process}{temporality}{began}{number}",
                "name": "gen_ai.client.token.usage",
                "type": "histogram",
                "temporality": temporality,
                "started_at": None if began is None else first + (number * SECOND if is_delta else 0),
                "at": first + (number + 1) * SECOND,
                "sum": float(rise if is_delta else so_far),
                "service_name": "shop",
                "scope_name": "somebody",
                "attributes": [("gen_ai.request.model", "gpt-5"), ("gen_ai.token.type", kind)],
                "resource": [("service.name", "shop"), ("service.instance.id", process)],
            }
        )
    return rows


def used(world: Any, *batches: Iterable[Row]) -> list[tuple[int, int]]:
    """Input and output tokens of each model by the metrics, once *batches* are loaded."""
    for rows in batches:
        table = pa.Table.from_pylist(list(rows), schema=METRICS)
        world.apply(Batch(SPANS.empty_table(), LOGS.empty_table(), table))
    return [(row["input_tokens"], row["output_tokens"]) for row in world.rows("FROM usage_metrics")]


@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
@pytest.mark.parametrize("seed", range(3))
def test_temporality_order_and_repetition_change_nothing(world: Any, temporality: str, seed: int) -> None:
    """Two kinds of tokens in two processes, exported in any order, each twice."""
    dice = random.Random(seed)
    rows = [
        row
        for kind in ("input", "output")
        for process in "12"
        for row in points(temporality, kind=kind, process=process)
    ]
    dice.shuffle(rows)
    assert used(world, rows[::2], rows, rows[1::2]) == [(2 * sum(RISES), 2 * sum(RISES))]


def test_attributes_in_another_order_are_no_other_series(world: Any) -> None:
    """An SDK that keeps them in a hash map writes them in another order each time."""
    rows = points("cumulative")
    for row in rows[::2]:
        row["attributes"] = row["attributes"][::-1]
        row["resource"] = row["resource"][::-1]
    assert used(world, rows) == [(sum(RISES), None)]


@pytest.mark.parametrize("began", [[0, 10], [None, None]], ids=["told", "seen"])
def test_a_process_that_began_again_counts_anew(world: Any, began: list[int | None]) -> None:
    """By its start time, or where nobody tells that, by a sum that fell."""
    first, second = points("cumulative", began=began[0]), points("cumulative", began=began[1])
    for number, row in enumerate(second):
        row["at"], row["point_id"] = START + (10 + number) * SECOND, f"second {number}"
    assert used(world, second, first) == [(2 * sum(RISES), None)]


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), -5.0, 1e300, None])
def test_what_is_no_number_of_tokens_says_nothing(world: Any, nonsense: float | None) -> None:
    """The other points of its series count as ever."""
    rows = points("cumulative")
    odd = rows[1] | {"point_id": "odd", "sum": nonsense, "at": rows[1]["at"] + 1}
    assert used(world, [*rows, odd]) == [(sum(RISES), None)]
