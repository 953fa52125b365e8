"""An agent that wakes up every half hour to find nothing to do. Anthropic's SDK, async and streamed."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from anthropic import AsyncAnthropic

NAME = "You are Molt, an assistant that never sleeps."
BOOTSTRAP = ("AGENTS.md", "SOUL.md", "USER.md", "TOOLS.md", "MEMORY.md")
PROMPT = "Heartbeat. If nothing needs attention, answer HEARTBEAT_OK."
FIRES = 16
INTERVAL = timedelta(minutes=30)
COMPRESSED = 0.2
"""Seconds that stand for the half hour between two fires."""


def system(now: datetime) -> list[Any]:
    """Who the agent is, what time it is, and everything it has ever written down, cached for an hour.

    The time stands before the bootstrap. So the prefix is a new one at every fire, and the cache is
    written each time and never read.
    """
    notes = "\n\n".join(Path(name).read_text(encoding="utf-8") for name in BOOTSTRAP)
    return [
        {"type": "text", "text": f"{NAME} It is {now:%Y-%m-%d %H:%M} UTC."},
        {"type": "text", "text": notes, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ]


async def fire(client: AsyncAnthropic, now: datetime) -> str:
    """One heartbeat: the model's answer, streamed."""
    messages: list[Any] = [{"role": "user", "content": PROMPT}]
    async with client.messages.stream(
        model="claude-sonnet-5-5", max_tokens=256, system=system(now), messages=messages
    ) as stream:
        return await stream.get_final_text()


async def main() -> None:
    """Beat through a night of eight hours."""
    now = datetime(2026, 11, 23, 22, tzinfo=UTC)
    quiet = 0
    async with AsyncAnthropic() as client:
        for _ in range(FIRES):
            quiet += await fire(client, now) == "HEARTBEAT_OK"
            now += INTERVAL
            await asyncio.sleep(COMPRESSED)
    print(f"{quiet} of {FIRES} heartbeats found nothing to do.")


if __name__ == "__main__":
    asyncio.run(main())
