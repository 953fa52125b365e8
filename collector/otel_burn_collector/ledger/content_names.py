"""Which attributes carry what was said? Names of content, by whoever sends it."""

import os
import re
from functools import lru_cache
from typing import Final

from otel_burn_collector.settings import KEEP_CONTENT_VARIABLE

_ANYWHERE: Final = re.compile(
    r"gen_ai\.(?:input|output)\.messages|gen_ai\.system_instructions|gen_ai\.(?:prompt|completion)(?:\.\d+\..+)?"
    r"|gen_ai\.(?:system|user|assistant|tool)\.message|gen_ai\.choice|gen_ai\.(?:prompt\.variable|content)\..+"
    r"|SpanAttributes\.LLM_(?:PROMPTS|COMPLETIONS)\..+"
    r"|gen_ai\.tool\.(?:definitions|call\.arguments|call\.result|input|output|args|arguments|result|parameters)"
    r"|gen_ai\.(?:request|response)\.(?:tools|tool_calls|text|object|messages|headers)|gen_ai\.headers"
    r"|gen_ai\.(?:retrieval|search)\.(?:query\.text|documents)|gen_ai\.evaluation\.explanation"
    r"|llm\.(?:input|output)_messages\..+|llm\.(?:prompts|completions|tools|choices)(?:\..+)?|llm\.request\.functions\..+"
    r"|llm\.(?:prompt_template|openai)\.(?:template|variables|messages|choices|tools|input|output)|llm\.function_call"
    r"|llm\.invocation_parameters|(?:input|output)\.value|retrieval\.documents\..+|reranker\..*documents\..+"
    r"|embedding\.(?:text|embeddings\..+)|tool\.(?:parameters|json_schema)|message\.contents?"
    r"|tool_call\.function\.arguments|traceloop\.(?:entity\.(?:input|output)|prompt\.template.*)"
    r"|ai\.prompt(?:\..+)?|ai\.response\.(?:text|object|toolCalls|reasoning|files|sources)|ai\.result\..+"
    r"|ai\.toolCall\.(?:args|result|input|output)|ai\.(?:values?|schema(?:\..+)?|embeddings?)"
    r"|langfuse\.(?:observation|trace)\.(?:input|output)|lk\.(?:chat_ctx|response\.text|function_tool\..+)"
    r"|request_data|response_data|events|all_messages_events|pydantic_ai\.all_messages|final_result"
    r"|model_request_parameters|tool_(?:arguments|response)|mlflow\.(?:span(?:Inputs|Outputs)|chat\..+|trace.*Preview)"
    r"|(?:gen_ai\.)?crewai?\.(?:task|crew|agent)\.(?:description|expected_output|result|backstory|goal|inputs|agents|tasks(?:_output)?)"
    r"|crew_(?:agents|tasks|inputs|output)|task_output|formatted_(?:description|expected_output)"
    r"|gen_ai\.(?:workflow|agent)\.(?:input|output)|gen_ai\.event\.content|mlflow\.chunk\.value"
    r"|gcp\.vertex\.agent\.(?:llm_request|llm_response|tool_call_args|tool_response|data)"
)

_BY_SCOPE: Final = (
    (
        re.compile(r"com\.anthropic\.claude_code.*"),
        re.compile(
            r"prompt|response|user_prompt|assistant_response|tool_(?:input|parameters|result|output)"
            r"|full_command|bash_command|new_context|system_prompt.*|tools?_json|error_message"
        ),
    ),
    # Every parameter and member of a provider's request and answer; what is counted is told elsewhere, too.
    (
        re.compile(r"litellm"),
        re.compile(r"llm\.\w+\.(?!(?:usage|model|id|object|created|stream|temperature|max_\w+)$).+"),
    ),
    (re.compile(r"codex.*"), re.compile(r"prompt|arguments|output|input|text")),
    # Every parameter of a call, as it was given.
    (
        re.compile(r"mlflow.*"),
        re.compile(
            r"instructions|messages|inputs?|prompt|system|contents?|tools|functions|config|text|suffix|prediction|documents"
        ),
    ),
    (re.compile(r"autogen.*"), re.compile(r"message")),
    (re.compile(r"logfire\.openai_agents"), re.compile(r"raw_input|response|input|output|instructions")),
    (
        re.compile(r"gemini-cli.*|qwen-code.*"),
        re.compile(r"prompt|function_args|request_text|response_text|text"),
    ),
    (
        re.compile(r"openclaw.*"),
        re.compile(r"openclaw\.content\..+|openclaw\.(?:prompt|input|output|tool\.(?:args|result)).*"),
    ),
)
"""Names that are content in the telemetry of these, and anything in that of others."""

_EVENTS: Final = re.compile(
    r"gen_ai\.(?:(?:system|user|assistant|tool)\.message|choice|content\.(?:prompt|completion))"
    r"|gen_ai\.client\.inference\.operation\.details|llm\.content\..+"
)
"""Events whose body, or every attribute but a few, is content."""

_SPEAKING_SCOPES: Final = re.compile(r"semantic_kernel\.(?:kernel|connectors\..*)|autogen_core.*")
"""Loggers that write what was said into the text of their records."""


def keeps_content() -> bool:
    """Whether the user wants what was said to be stored."""
    return os.environ.get(KEEP_CONTENT_VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")


@lru_cache(65536)
def is_content(name: str) -> bool:
    """Whether an attribute of this name says what was said, whoever sends it."""
    return _ANYWHERE.fullmatch(name) is not None


@lru_cache(65536)
def is_content_of(scope: str, name: str) -> bool:
    """Whether an attribute of this name says what was said, in the telemetry of *scope*."""
    return is_content(name) or any(
        names.fullmatch(name) for scopes, names in _BY_SCOPE if scopes.fullmatch(scope)
    )


@lru_cache(4096)
def is_scoped(scope: str) -> bool:
    """Whether *scope* has names of its own for content."""
    return any(scopes.fullmatch(scope) for scopes, _ in _BY_SCOPE)


@lru_cache(4096)
def speaks(scope: str) -> bool:
    """Whether the bodies of this logger's records are content."""
    return _SPEAKING_SCOPES.fullmatch(scope) is not None


@lru_cache(4096)
def is_content_event(event: str) -> bool:
    """Whether the body of an event of this name is content."""
    return _EVENTS.fullmatch(event) is not None
