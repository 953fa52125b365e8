"""A small agent with LangChain: its own loop calls the tool, plain and then streamed."""

from typing import Any

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

QUESTION: Any = {"messages": [{"role": "user", "content": "I am off to Oslo. What shall I put on?"}]}


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


# LangChain asks for a stream's usage by itself, unless the environment names another base URL.
agent: Any = create_agent(
    ChatOpenAI(model="gpt-5-mini", stream_usage=True),
    tools=[get_weather],
    system_prompt="You tell people what to wear. Look up the weather first.",
)


def ask() -> str:
    """The last words; the calls in between are the agent's."""
    return str(agent.invoke(QUESTION)["messages"][-1].content)


def ask_streaming() -> None:
    """The same, its words shown as they come."""
    for message, _ in agent.stream(QUESTION, stream_mode="messages"):
        if message.type == "AIMessageChunk":
            print(message.content, end="", flush=True)
    print()


if __name__ == "__main__":
    print(ask())
    ask_streaming()
