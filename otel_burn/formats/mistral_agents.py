"""What does a completion by a Mistral agent say? A chat whose model the agent's definition names."""

from dataclasses import replace
from typing import Final

from otel_burn.formats import openai_chat
from otel_burn.formats.body import Body


def is_request(body: Body) -> bool:
    """Whether *body* asks an agent."""
    return body.is_list("messages") and "agent_id" in body


FORMAT: Final = replace(
    openai_chat.FORMAT,
    name="mistral_agents",
    paths=("/agents/completions",),
    provider="mistral_ai",
    is_request=is_request,
)
