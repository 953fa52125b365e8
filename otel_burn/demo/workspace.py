"""What do the demo's agents work on? Files of a small shop, the same in every run."""

import random
from collections.abc import Iterator
from pathlib import Path

LOGS = tuple(f"orders-2026-11-{day}.log" for day in range(16, 22))
"""The large files: 30 to 60 kB each."""

WRITTEN = "RELEASE_NOTES.md"
"""What an agent writes; it is not there when the agents begin."""

CHANGES = """# Changes

## 4.2 (unreleased)

- `book` looks an order up by its idempotency key before it books it, so that a client's retry
  no longer books twice.
- Tests for the above.

## 4.1

- Warehouses may have names.
"""

ORDERS = '''"""Books orders once."""

booked: dict[str, int] = {}


def book(key: str, amount: int) -> int:
    """Book *amount* under the idempotency *key*; a second call changes nothing."""
    return booked.setdefault(key, amount)
'''

FAILING_TEST = '''"""Are orders booked once?"""

import inventory
from orders import book

assert book("a", 3) == book("a", 5) == 3
assert inventory.left("screws") == 97
'''

BOOTSTRAP = ("AGENTS.md", "SOUL.md", "USER.md", "TOOLS.md", "MEMORY.md")
"""What the heartbeat puts into every prompt: some 10 kB each."""

TOPICS = (
    "invoices", "the calendar", "the garden", "deployments", "the newsletter", "backups", "travel",
    "the school run", "code reviews", "the budget", "birthdays", "the server room", "a podcast",
)  # fmt: skip
HABITS = (
    "ask before anything is sent out",
    "prefer the quiet channel after eight in the evening",
    "keep a line in the log for whatever was decided and why",
    "look at the last three entries before a new one is opened",
    "never repeat a reminder within the same day",
    "summarise in two sentences and link the rest",
)
OUTCOMES = ("shipped", "shipped", "shipped", "shipped", "refused", "timeout")


def write_workspace(folder: Path) -> None:
    """Fill *folder* with everything that the agents read and run."""
    texts = {"CHANGES.md": CHANGES, "orders.py": ORDERS, "test_orders.py": FAILING_TEST}
    for number, name in enumerate(LOGS):
        texts[name] = "".join(_log(number))
    for number, name in enumerate(BOOTSTRAP):
        texts[name] = "".join(_notes(number, name))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WRITTEN).unlink(missing_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _log(number: int) -> Iterator[str]:
    chance = random.Random(number)  # noqa: S311 - the same file in every run is the point
    for line in range(500 + 80 * number):
        outcome = "timeout" if line == 42 else chance.choice(OUTCOMES)
        yield (
            f"2026-11-{16 + number}T{line * 97 // 3600 % 24:02}:{line * 97 // 60 % 60:02}:{line % 60:02}Z "
            f"order={1000 + line} warehouse={chance.randrange(9)} items={chance.randrange(1, 40)} {outcome}\n"
        )


def _notes(number: int, name: str) -> Iterator[str]:
    chance = random.Random(100 + number)  # noqa: S311 - as above
    yield f"# {name.removesuffix('.md')}\n\n"
    for line in range(105):
        yield f"- {line + 1}. On {chance.choice(TOPICS)}: {chance.choice(HABITS)}; {chance.choice(HABITS)}.\n"
