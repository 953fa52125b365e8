"""Do charts tell their numbers to whoever does not see them?"""

import polars as pl

from otel_burn_dashboards import spoken


def test_the_largest_are_named_and_the_rest_counted() -> None:
    """Each name once, with what it has in all."""
    rows = pl.DataFrame({"name": [*"aabcdefg"], "dollars": [1.0, 2.0, 9.0, 0.5, 0.4, 0.3, 0.2, 0.1]})
    told = spoken.amounts("Dollars", rows, "name", "dollars", unit="dollars")
    assert told == "Dollars: b $9.00, a $3.00, c $0.5000, d $0.4000, e $0.3000, 2 more."


def test_nothing_is_said_as_nothing() -> None:
    """An empty chart is a sentence, too."""
    rows = pl.DataFrame(schema={"name": pl.String, "tokens": pl.Int64})
    assert spoken.amounts("Tokens", rows, "name", "tokens", unit="tokens") == "Tokens: nothing."


def test_a_growing_context_is_told_by_its_ends() -> None:
    """From where to where, and what it is made of."""
    rows = pl.DataFrame({"turn": [1, 2, 2], "kind": ["system", "system", "tool_result"], "tokens": [10, 10, 50],
                         "bytes": [1, 1, 1]})  # fmt: skip
    assert spoken.context(rows, 2) == (
        "Input over 2 turns, from 10 tokens to 60 tokens a turn; in all: tool result 50 tokens, system 20 tokens."
    )
