"""What is a block of a context called in a sentence? Its kind and tool, as expressions."""

import polars as pl

KINDS = {
    "system": "the system prompt",
    "user": "a user message",
    "assistant": "an answer of the model",
    "image": "an image",
    "document": "a document",
    "reasoning": "a piece of reasoning",
}
"""Kinds of content in the words of a reader; tools' content is named by tool."""


def one() -> pl.Expr:
    """A block, by its columns `kind` and `tool_name`."""
    tool = pl.col("tool_name").fill_null("a tool")
    return (
        pl.when(pl.col("kind") == "tool_definition").then(pl.format("the definition of {}", tool))
        .when(pl.col("kind") == "tool_result").then(pl.format("a result of {}", tool))
        .when(pl.col("kind") == "tool_call").then(pl.format("the arguments of {}", tool))
        .otherwise(pl.col("kind").replace(KINDS).fill_null("content"))
    )  # fmt: skip


def sentence(text: pl.Expr) -> pl.Expr:
    """*text* with a capital letter."""
    return pl.concat_str(text.str.slice(0, 1).str.to_uppercase(), text.str.slice(1))
