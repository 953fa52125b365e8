"""A small agent with Pydantic AI: it calls the tool by itself, plain and then streamed."""

import asyncio

from pydantic_ai import Agent, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

QUESTION = "I am off to Oslo. What shall I put on?"

agent = Agent(
    "openai-chat:gpt-5-mini", instructions="You tell people what to wear. Look up the weather first."
)


@agent.tool_plain
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


async def ask() -> str:
    """The last words; the calls in between are the agent's."""
    return (await agent.run(QUESTION)).output


async def ask_streaming() -> None:
    """The same, its words shown as they come."""
    async with agent.run_stream_events(QUESTION) as events:
        async for event in events:
            match event:
                case PartStartEvent(part=TextPart(content=text)):
                    print(text, end="", flush=True)
                case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                    print(text, end="", flush=True)
    print()


async def main() -> None:
    """Both, one after the other."""
    print(await ask())
    await ask_streaming()


if __name__ == "__main__":
    asyncio.run(main())
