"""Which LLM calls can no tap see? Those over transports that are not HTTP, and those of models in the process."""

from __future__ import annotations

import sys
from typing import Final, NamedTuple


class Unseen(NamedTuple):
    """A library that LLM calls can go through, or run in, without a tap."""

    package: str
    """Its distribution."""
    said: str
    """What of it is not recorded."""
    used: str | None = None
    """The module whose import means that a model was called; None where that is told from its connections."""


UNSEEN: Final = (
    Unseen("websockets", "realtime and live calls over WebSockets (OpenAI, Gemini, Mistral)"),
    Unseen("grpcio", "calls over gRPC (Vertex AI's and Gemini's older clients)"),
    Unseen(
        "aws-sdk-bedrock-runtime",
        "Bedrock calls over AWS's own HTTP runtime (smithy, CRT), such as Nova Sonic's",
        "aws_sdk_bedrock_runtime",
    ),
    Unseen("vllm", "models that vllm runs in the process", "vllm"),
    Unseen("llama-cpp-python", "models that llama.cpp runs in the process", "llama_cpp"),
    Unseen("mlx-lm", "models that mlx runs in the process", "mlx_lm"),
    Unseen("gpt4all", "models that gpt4all runs in the process", "gpt4all"),
    Unseen("transformers", "models that transformers runs in the process", "transformers.generation.utils"),
)


def imported_here() -> list[str]:
    """What of this process is not recorded, as far as its imports tell."""
    return [one.said for one in UNSEEN if one.used in sys.modules]
