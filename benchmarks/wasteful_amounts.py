"""How much do the agents of wasteful_agents.py waste? What they, the test and the pages of documentation agree on."""

from typing import Any, Final

BOOT: Final = "Rule: look before you write. " * 1_200
CHANGES: Final = "An order that is sent again is booked once. " * 60
BEATS: Final = 6
WORKERS: Final = 4
TURNS: Final = 5
TOOLS: Final[list[dict[str, Any]]] = [
    {
        "name": name,
        "description": f"{name} does what its name says, on whatever it is given. " * 120,
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    }
    for name in (
        "list_files", "read_file", "write_file", "mcp__github__search", "mcp__github__merge", "mcp__db__query"
    )
]  # fmt: skip
"""The script of the provider uses the first three."""
