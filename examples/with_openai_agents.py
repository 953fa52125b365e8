"""A small agent with the OpenAI Agents SDK: its runner calls the tool, plain and then streamed."""

import asyncio

from agents import Agent, Runner, function_tool

QUESTION = "I am off to Oslo. What shall I put on?"


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


AGENT = Agent(
    name="wardrobe",
    instructions="You tell people what to wear. Look up the weather first.",
    model="gpt-5-mini",
    tools=[get_weather],
)


async def ask() -> str:
    """The last words; the calls in between are the runner's."""
    return str((await Runner.run(AGENT, QUESTION)).final_output)


async def ask_streaming() -> None:
    """The same, its words shown as they come."""
    async for event in Runner.run_streamed(AGENT, QUESTION).stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            print(event.data.delta, end="", flush=True)
    print()


async def main() -> None:
    """Both, one after the other."""
    print(await ask())
    await ask_streaming()


if __name__ == "__main__":
    asyncio.run(main())
