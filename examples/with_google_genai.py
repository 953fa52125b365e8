"""A small agent with Google's GenAI SDK: its chat calls the function by itself, plain and then streamed."""

from google import genai
from google.genai import types

MODEL = "gemini-2.5-flash"
QUESTION = "I am off to Oslo. What shall I put on?"


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


CONFIG = types.GenerateContentConfig(
    system_instruction="You tell people what to wear. Look up the weather first.", tools=[get_weather]
)


def ask(client: genai.Client) -> str:
    """The last words; the calls in between are the SDK's."""
    return client.chats.create(model=MODEL, config=CONFIG).send_message(QUESTION).text or ""


def ask_streaming(client: genai.Client) -> None:
    """The same, its words shown as they come."""
    for chunk in client.chats.create(model=MODEL, config=CONFIG).send_message_stream(QUESTION):
        for part in chunk.parts or ():
            print(part.text or "", end="", flush=True)
    print()


if __name__ == "__main__":
    with genai.Client() as gemini:
        print(ask(gemini))
        ask_streaming(gemini)
