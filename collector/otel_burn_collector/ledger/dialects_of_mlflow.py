"""How does MLflow's autologging say what a call burned? Values are JSON in strings; seen in 3.17."""

from typing import Any, Final

from otel_burn_collector.ledger.attributes import Source
from otel_burn_collector.ledger.dialect import OPERATION, Dialect
from otel_burn_collector.ledger.makers import maker

_USAGE: Final = "mlflow.chat.tokenUsage"
_ANSWER: Final = "mlflow.spanOutputs"
_TEXT: Final = r'^"?([^"]+)"?$'
_VENDORS: Final = r'^"?(openai|anthropic|gemini|groq|mistral|bedrock|cohere)"?$'


def _count(*keys: str) -> Source:
    return Source(_USAGE, rf'"(?:{"|".join(keys)})":\s*(\d+)')


_FIELDS: Final[dict[str, tuple[str | Source, ...]]] = {
    # One tracer serves all libraries: a framework's span and that of the SDK below it are two reports of a call.
    "apart": (Source("mlflow.message.format", _TEXT),),
    "operation": (Source("mlflow.spanType", '^"?(EMBEDDING)"?$'),),
    "session_id": (Source("session.id", _TEXT), Source("mlflow.trace.session", _TEXT)),
    "user_id": (Source("user.id", _TEXT), Source("mlflow.trace.user", _TEXT)),
    "provider": (
        Source("mlflow.llm.provider", _TEXT),
        Source("mlflow.message.format", _VENDORS),
        *maker("mlflow.llm.model"),
    ),
    "request_model": (Source("mlflow.llm.model", _TEXT), Source("model", _TEXT)),
    "response_id": (Source(_ANSWER, r'^\{\s*"id":\s*"([A-Za-z0-9_.:-]+)"'),),
    "stream": (Source("stream", "^(true)$"),),
    "input_tokens": (
        _count("input_tokens"),
        Source(_ANSWER, r'"usage":\s*\{"prompt_tokens":\s*(\d+),\s*"total_tokens":\s*\d+\}'),  # embeddings
    ),
    "output_tokens": (_count("output_tokens"),),
    "total_tokens": (_count("total_tokens"),),
    "cache_read_tokens": (_count("cache_read_input_tokens"),),
    "cache_write_tokens": (_count("cache_creation_input_tokens"),),
    "cache_write_1h_tokens": (_count("cache_creation_input_tokens_above_1hr"),),
    "reasoning_tokens": (
        Source(_ANSWER, r'_tokens_details":\s*\{[^}]*"reasoning_tokens":\s*(\d+)'),
        Source(_ANSWER, r'"thoughts_token_count":\s*(\d+)'),
    ),
    "service_tier": (Source(_ANSWER, r'"service_tier":\s*"(\w+)"'),),
    "reported_usd": (Source("mlflow.llm.cost", r'"total_cost":\s*([\d.eE+-]+)'),),
}


def _model_call(name: str, **options: Any) -> Dialect:
    return Dialect(
        name=name,
        markers=("mlflow.spanType",),
        marker_values=('"CHAT_MODEL"', '"LLM"', '"EMBEDDING"', "CHAT_MODEL", "LLM", "EMBEDDING"),
        lacks=OPERATION,
        **options,
    )


MLFLOW: Final = (
    # google-genai calls itself, once a round of functions: the outer span has the last answer alone.
    _model_call(
        "mlflow-gemini-above",
        rank=32,
        event=r"(?:Async)?(?:Models\.generate_content|Chat\.send_message)(?:_stream)?",
        apart="above",
        fields={name: sources for name, sources in _FIELDS.items() if name != "apart"},
    ),
    _model_call("mlflow", rank=31, fields=_FIELDS),
    Dialect(
        name="mlflow-other",
        rank=99,
        markers=("mlflow.spanType",),
        counts=False,
    ),
)
