"""Are the rules general? Calls of the kinds that break calculators, each with its bill worked out by hand.

A bill is a list of (quantity, dollars per million) or, with "each", (quantity, dollars).
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from otel_burn.prices.aliases import NONE, Aliases, Target
from otel_burn.prices.rows import price_row

NOV = "2026-11-15T12:00:00Z"
Bill = Sequence[tuple[Any, ...]]


def row(
    provider: str,
    model: str,
    usage: Any,
    *,
    api: str = "chat",
    at: str = NOV,
    tier: str = "",
    region: str = "",
) -> dict[str, Any]:
    """A row of the command's file."""
    said = {
        "provider": provider,
        "model": model,
        "api": api,
        "at": at,
        "service_tier": tier,
        "region": region,
    }
    return {"id": "1", "usage": usage, **said}


def chat(given: int, written: int, **more: Any) -> dict[str, Any]:
    """A chat completion's usage."""
    return {"usage": {"prompt_tokens": given, "completion_tokens": written, **more}}


def cached(read: int) -> dict[str, Any]:
    """Cache reads, as a chat completion tells them."""
    return {"prompt_tokens_details": {"cached_tokens": read}}


def message(given: int, written: int, **more: Any) -> dict[str, Any]:
    """A message's usage."""
    return {"input_tokens": given, "output_tokens": written, **more}


def gemini(prompt: int, said: int, **more: Any) -> dict[str, Any]:
    """What a Gemini answer counts."""
    return {"usageMetadata": {"promptTokenCount": prompt, "candidatesTokenCount": said, **more}}


def claude(model: str, usage: Any, **more: Any) -> dict[str, Any]:
    """A row of Anthropic's own API."""
    return row("anthropic", model, usage, **{"api": "messages", **more})


LONG_WRITE = {"cache_creation_input_tokens": 3000, "cache_creation": {"ephemeral_1h_input_tokens": 3000}}
TTL_12H = {
    "cached_tokens": 0,
    "cache_write_tokens": 8000,
    "cache_write_tokens_details": {"ttl_12h_tokens": 8000},
}

CASES: dict[str, tuple[dict[str, Any], Bill]] = {
    # Anthropic: thresholds, dates, lifetimes, fast mode, geography, batches, fees
    "one token over the threshold makes all of them dearer": (
        claude("claude-haiku-5-5", message(10_001, 1000, cache_read_input_tokens=90_000)),
        [(10_001, "0.5"), (90_000, "0.05"), (1000, "2.5")],
    ),
    "long prompts in a batch": (
        claude("claude-haiku-5-5", message(100_001, 1000), api="batches", tier="batch"),
        [(100_001, "0.25"), (1000, "1.25")],
    ),
    "no long-context premium since its end": (
        claude("claude-sonnet-4-6", message(250_000, 1000), at="2026-03-13T00:00:00Z"),
        [(250_000, 3), (1000, 15)],
    ),
    "the last day of the long-context premium": (
        claude("claude-opus-4-6", message(250_000, 1000), at="2026-03-12T23:59:59Z"),
        [(250_000, 10), (1000, "37.5")],
    ),
    "exactly at the old threshold": (
        claude("claude-sonnet-4-5", message(200_000, 1000), at="2026-03-01T00:00:00Z"),
        [(200_000, 3), (1000, 15)],
    ),
    "fast mode with the cache": (
        claude(
            "claude-opus-5-5",
            message(1000, 100, speed="fast", cache_read_input_tokens=50_000, **LONG_WRITE),
        ),
        [(1000, 8), (50_000, "0.4"), (3000, 16), (100, 40)],
    ),
    "fast mode of another model": (
        claude("claude-opus-5", message(10_000, 1000, speed="fast")), [(10_000, 10), (1000, 50)],
    ),
    "fast mode of Fable": (claude("claude-fable-5-2", message(1000, 1000, speed="fast")), [(1000, 16), (1000, 80)]),
    "fast mode with a long prompt, as it was": (
        claude("claude-opus-4-6", message(250_000, 1000, speed="fast"), at="2026-02-20T00:00:00Z"),
        [(250_000, 60), (1000, 225)],
    ),
    "in the US and fast": (
        claude("claude-opus-5-5", message(1000, 1000, speed="fast", inference_geo="us")),
        [(1000, "8.8"), (1000, 44)],
    ),
    "in the US with the cache, the search fee as everywhere": (
        claude(
            "claude-sonnet-5-5",
            message(1000, 100, inference_geo="us", cache_read_input_tokens=10_000,
                    server_tool_use={"web_search_requests": 2}),
        ),
        [(1000, "2.2"), (10_000, "0.11"), (100, 11), (2, "0.01", "each")],
    ),
    "an answer that says global outranks the row": (
        claude("claude-opus-5-5", message(1000, 1000, inference_geo="global"), region="us"),
        [(1000, 4), (1000, 20)],
    ),
    "a geography that is not available": (
        claude("claude-opus-4-5", message(1000, 1000, inference_geo="not_available")), [(1000, 5), (1000, 25)],
    ),
    "a batch in the US": (
        claude("claude-opus-5-5", message(1000, 1000, service_tier="batch", inference_geo="us")),
        [(1000, "2.2"), (1000, 11)],
    ),
    "a batch before its rates were recorded": (
        claude("claude-sonnet-4-5", message(1000, 1000, service_tier="batch"), at="2026-02-01T00:00:00Z"),
        [(1000, "1.5"), (1000, "7.5")],
    ),
    "a batch of a retired model": (
        claude("claude-3-5-haiku-20241022", message(1000, 1000), api="batch", at="2025-03-01T00:00:00Z"),
        [(1000, "0.4"), (1000, 2)],
    ),
    "a batch with hour-long writes": (
        claude("claude-opus-5", message(1000, 100, **LONG_WRITE), tier="batch"),
        [(1000, "2.5"), (3000, 5), (100, "12.5")],
    ),
    "a retired model": (
        claude("claude-sonnet-4-20250514", message(1000, 1000), at="2025-08-01T00:00:00Z"), [(1000, 3), (1000, 15)],
    ),
    "writes of no lifetime are for five minutes": (
        claude("claude-opus-4-5", message(10, 10, cache_creation_input_tokens=1000, cache_creation=None)),
        [(10, 5), (1000, "6.25"), (10, 25)],
    ),
    "a compaction with the cache, each prompt with its own threshold": (
        claude(
            "claude-haiku-5-5",
            message(60_000, 100, iterations=[
                {"type": "compaction", "input_tokens": 20_000, "cache_read_input_tokens": 70_000, "output_tokens": 500},
                {"type": "message", "input_tokens": 60_000, "output_tokens": 100},
            ]),
        ),
        [(80_000, "0.1"), (70_000, "0.01"), (600, "0.5")],
    ),
    "an advisor is billed at its own model's rates": (
        claude(
            "claude-haiku-4-5",
            message(1000, 100, iterations=[
                {"type": "message", "model": "claude-haiku-4-5", "input_tokens": 1000, "output_tokens": 100},
                {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 2000, "output_tokens": 300},
            ]),
        ),
        [(1000, 1), (100, 5), (2000, 4), (300, 20)],
    ),
    "a stream whose end tells the cache again": (
        claude("claude-sonnet-4-6", [
            {"type": "message_start", "message": {"model": "claude-sonnet-4-6", "usage": message(10, 1)}},
            {"type": "content_block_delta"},
            {"type": "message_delta", "usage": {"output_tokens": 50}},
            {"type": "message_delta", "usage": message(10, 120, cache_read_input_tokens=5000)},
        ]),
        [(10, 3), (5000, "0.3"), (120, 15)],
    ),
    # OpenAI: thresholds, tiers, dates, lifetimes, audio, images, tools
    "one token over 272,000": (
        row("openai", "gpt-6.1-sol", chat(272_001, 1000, **cached(200_000))),
        [(72_001, 4), (200_000, "0.2"), (1000, 15)],
    ),
    "the day before a price cut": (
        row("openai", "gpt-5.6-luna", chat(10_000, 1000), at="2026-07-29T23:59:59Z"), [(10_000, 1), (1000, 6)],
    ),
    "the day of a price cut, in another time zone": (
        row("openai", "gpt-5.6-luna", chat(10_000, 1000), at="2026-07-30T01:00:00+02:00"), [(10_000, 1), (1000, 6)],
    ),
    "cached input of o3 before its price cut": (
        row("openai", "o3", chat(10_000, 1000, **cached(4000)), at="2025-05-01T00:00:00Z"),
        [(6000, 10), (4000, "2.5"), (1000, 40)],
    ),
    "priority with a long prompt": (
        row("openai", "gpt-6-sol", {**chat(300_000, 1000), "service_tier": "priority"}), [(300_000, 8), (1000, 30)],
    ),
    "priority of a model without long-context priority": (
        row("openai", "gpt-5.4", {**chat(10_000, 1000, **cached(5000)), "service_tier": "priority"}),
        [(5000, 5), (5000, "0.5"), (1000, 30)],
    ),
    "fast is another name": (
        row("openai", "gpt-5", {**chat(1000, 1000), "service_tier": "fast"}), [(1000, "2.5"), (1000, 20)],
    ),
    "ultrafast": (
        row("openai", "gpt-6.1-sol", {**chat(1000, 1000), "service_tier": "ultrafast"}), [(1000, 12), (1000, 60)],
    ),
    "flex with the cache": (
        row("openai", "gpt-5.1", {**chat(10_000, 1000, **cached(4000)), "service_tier": "flex"}),
        [(6000, "0.625"), (4000, "0.0625"), (1000, 5)],
    ),
    "flex before its rates were recorded": (
        row("openai", "gpt-5", chat(1000, 1000), tier="flex", at="2025-11-01T00:00:00Z"), [(1000, "0.625"), (1000, 5)],
    ),
    "a batch of an older model keeps the cache's rate": (
        row("openai", "gpt-4o", {**chat(10_000, 1000, **cached(4000)), "service_tier": "default"}, api="batch"),
        [(6000, "1.25"), (4000, "1.25"), (1000, 5)],
    ),
    "a batch before its rates were recorded, at the rates of that day": (
        row("openai", "gpt-5.6-luna", chat(1000, 1000), tier="batch", at="2026-07-01T00:00:00Z"),
        [(1000, "0.5"), (1000, 3)],
    ),
    "twelve-hour writes with a long prompt": (
        row("openai", "gpt-6.1-sol", {"usage": {"input_tokens": 300_000, "input_tokens_details": TTL_12H,
            "output_tokens": 500}}, api="responses"),
        [(292_000, 4), (8000, 10), (500, 15)],
    ),
    "twelve-hour writes with priority": (
        row("openai", "gpt-6.1-sol", {"service_tier": "priority", "usage": {"input_tokens": 10_000,
            "input_tokens_details": TTL_12H, "output_tokens": 500}}, api="responses"),
        [(2000, 4), (8000, 10), (500, 20)],
    ),
    "in the US": (row("openai", "gpt-5.5", chat(1000, 1000), region="us"), [(1000, "5.5"), (1000, 33)]),
    "in the EU with the cache and a long prompt": (
        row("openai", "gpt-6.1-sol", chat(300_000, 1000, **cached(100_000)), region="eu"),
        [(200_000, "4.4"), (100_000, "0.22"), (1000, "16.5")],
    ),
    "a model that is older than the regional price": (
        row("openai", "gpt-5", chat(1000, 1000), region="eu"), [(1000, "1.25"), (1000, 10)],
    ),
    "audio in, text out": (
        row("openai", "gpt-audio-mini", chat(1000, 50, prompt_tokens_details={"audio_tokens": 900})),
        [(100, "0.6"), (900, 10), (50, "2.4")],
    ),
    "realtime with cached audio": (
        row("openai", "gpt-realtime", {"usage": {"input_tokens": 1000, "output_tokens": 100,
            "input_token_details_": None,
            "input_tokens_details": {"audio_tokens": 800, "cached_tokens": 500,
                                     "cached_tokens_details": {"audio_tokens": 400}},
            "output_tokens_details": {"audio_tokens": 90}}}),
        [(100, 4), (100, "0.4"), (400, 32), (400, "0.4"), (10, 16), (90, 64)],
    ),
    "an image model with images in": (
        row("openai", "gpt-image-1.5", {"usage": {"input_tokens": 1050, "output_tokens": 1000,
            "input_tokens_details": {"text_tokens": 50, "image_tokens": 1000}}}, api="images"),
        [(50, 5), (1000, 8), (1000, 32)],
    ),
    "an image model whose output rate is the image's": (
        row("openai", "gpt-image-2", {"usage": {"input_tokens": 50, "output_tokens": 1000}}, api="images"),
        [(50, 5), (1000, 30)],
    ),
    "an image model that thinks aloud": (
        row("openai", "gpt-image-1.5", {"usage": {"input_tokens": 50, "output_tokens": 1100,
            "output_tokens_details": {"image_tokens": 1000, "text_tokens": 100}}}, api="images"),
        [(50, 5), (100, 10), (1000, 32)],
    ),
    "file searches and one session of the code interpreter": (
        row("openai", "gpt-5", {"output_item_types": ["file_search_call", "file_search_call",
            "code_interpreter_call", "code_interpreter_call", "message"],
            "usage": {"input_tokens": 1000, "output_tokens": 100}}, api="responses"),
        [(1000, "1.25"), (100, 10), (2, "0.0025", "each"), (1, "0.03", "each")],
    ),
    "searches among whole items, opened pages are none": (
        row("openai", "gpt-5", {"output": [
            {"type": "web_search_call", "action": {"type": "search"}},
            {"type": "web_search_call", "action": {"type": "open_page"}}],
            "usage": {"input_tokens": 1000, "output_tokens": 100}}, api="responses"),
        [(1000, "1.25"), (100, 10), (1, "0.01", "each")],
    ),
    "a stream of chunks, the last with usage": (
        row("openai", "gpt-4o", [{"choices": [], "usage": None}, {"model": "gpt-4o-2024-08-06",
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}]),
        [(1000, "2.5"), (100, 10)],
    ),
    "the end of a stream of a response": (
        row("openai", "gpt-5", [{"type": "response.created", "response": {"usage": None}},
            {"type": "response.completed", "response": {"model": "gpt-5", "service_tier": "flex",
            "usage": {"input_tokens": 1000, "output_tokens": 100}}}], api="responses"),
        [(1000, "0.625"), (100, 5)],
    ),
    "a line of a batch's output": (
        row("openai", "gpt-5-mini", {"custom_id": "1", "response": {"status_code": 200, "body": {
            "model": "gpt-5-mini-2025-08-07", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}}},
            api="batch"),
        [(1000, "0.125"), (100, 1)],
    ),
    "embeddings": (
        row("openai", "text-embedding-3-large", {"usage": {"prompt_tokens": 1000, "total_tokens": 1000}},
            api="embeddings"),
        [(1000, "0.13")],
    ),
    "a snapshot that no list has is priced as its model": (
        row("openai", "gpt-5.4-2027-01-01", chat(1000, 1000)), [(1000, "2.5"), (1000, 15)],
    ),
    "rejected predictions are in the output": (
        row("openai", "gpt-4o", chat(1000, 100, completion_tokens_details={"rejected_prediction_tokens": 40})),
        [(1000, "2.5"), (100, 10)],
    ),
    # Google
    "exactly at 200,000": (row("google", "gemini-2.5-pro", gemini(200_000, 1000)), [(200_000, "1.25"), (1000, 10)]),
    "one token over 200,000, the thoughts too": (
        row("google", "gemini-3.1-pro-preview", gemini(200_001, 1000, thoughtsTokenCount=500)),
        [(200_001, 4), (1500, 18)],
    ),
    "cached audio": (
        row("google", "gemini-2.5-flash", gemini(1000, 100, cachedContentTokenCount=600,
            promptTokensDetails=[{"modality": "TEXT", "tokenCount": 200}, {"modality": "AUDIO", "tokenCount": 800}],
            cacheTokensDetails=[{"modality": "AUDIO", "tokenCount": 500}, {"modality": "TEXT", "tokenCount": 100}])),
        [(100, "0.3"), (100, "0.03"), (300, 1), (500, "0.1"), (100, "2.5")],
    ),
    "audio where it costs what text costs": (
        row("google", "gemini-3.7-flash", gemini(1000, 0, promptTokensDetails=[
            {"modality": "AUDIO", "tokenCount": 1000}])),
        [(1000, "0.75")],
    ),
    "what tools put into the prompt": (
        row("google", "gemini-2.5-flash", gemini(1000, 100, toolUsePromptTokenCount=500)),
        [(1500, "0.3"), (100, "2.5")],
    ),
    "images in and out": (
        row("google", "gemini-2.5-flash-image", gemini(1300, 1290,
            promptTokensDetails=[{"modality": "IMAGE", "tokenCount": 1290}, {"modality": "TEXT", "tokenCount": 10}],
            candidatesTokensDetails=[{"modality": "IMAGE", "tokenCount": 1290}]), at="2026-02-01T00:00:00Z"),
        [(1300, "0.3"), (1290, 30)],
    ),
    "the first day after the introductory price": (
        row("google", "gemini-3.7-flash", gemini(10_000, 1000), at="2027-01-01T00:00:00Z"),
        [(10_000, "1.5"), (1000, "7.5")],
    ),
    "priority after the introductory price": (
        row("google", "gemini-3.7-flash", gemini(10_000, 1000, trafficType="ON_DEMAND_PRIORITY"),
            at="2027-02-01T00:00:00Z"),
        [(10_000, "2.7"), (1000, "13.5")],
    ),
    "flex by the kind of traffic": (
        row("google", "gemini-3.8-flash", gemini(10_000, 1000, trafficType="ON_DEMAND_FLEX")),
        [(10_000, "0.375"), (1000, "1.875")],
    ),
    "priority of an older model, with its threshold": (
        row("google", "gemini-2.5-pro", gemini(250_000, 1000), tier="priority"), [(250_000, "4.5"), (1000, 27)],
    ),
    "a batch keeps the cache's rate": (
        row("google", "gemini-2.5-flash", gemini(10_000, 1000, cachedContentTokenCount=4000), tier="batch"),
        [(6000, "0.15"), (4000, "0.03"), (1000, "1.25")],
    ),
    "an introductory price that ends in November": (
        row("google", "gemini-4-argon", gemini(1000, 1000), at="2026-12-01T00:00:00Z"), [(1000, 4), (1000, 20)],
    ),
    "grounding is billed by the answer in the second generation": (
        row("google", "gemini-2.5-flash", {**gemini(1000, 100), "groundingMetadata": {"webSearchQueries": ["a", "b"]}}),
        [(1000, "0.3"), (100, "2.5"), (1, "0.035", "each")],
    ),
    "grounding within the candidates": (
        row("google", "gemini-3.1-pro-preview", {**gemini(1000, 100), "candidates": [
            {"groundingMetadata": {"webSearchQueries": ["a", "b"]}}]}),
        [(1000, 2), (100, 12), (2, "0.014", "each")],
    ),
    "storage of a cache until it expires": (
        row("google", "gemini-2.5-pro", {"cachedContent": {"usageMetadata": {"totalTokenCount": 1_000_000},
            "createTime": "2026-11-15T10:00:00Z", "expireTime": "2026-11-15T10:30:00Z"}}, api="cachedContents"),
        [(500_000, "4.5")],
    ),
    "the Python SDK's spelling": (
        row("google", "gemini-2.5-flash", {"usage_metadata": {"prompt_token_count": 1000,
            "candidates_token_count": 100, "thoughts_token_count": 50, "cached_content_token_count": 400}}),
        [(600, "0.3"), (400, "0.03"), (150, "2.5")],
    ),
    "Claude on Vertex, in a multi-region": (
        row("vertex", "claude-sonnet-4-5@20250929", message(1000, 1000), region="eu", api="rawPredict"),
        [(1000, "3.3"), (1000, "16.5")],
    ),
    "Claude on Vertex, globally, hour-long writes": (
        row("gcp.vertex_ai", "claude-opus-5-5", message(1000, 100, **LONG_WRITE), region="global"),
        [(1000, 4), (3000, 8), (100, 20)],
    ),
    "Gemini on Vertex, in a region": (
        row("vertex_ai", "gemini-3.7-flash", gemini(1000, 1000), region="europe-west4"),
        [(1000, "0.825"), (1000, "4.125")],
    ),
    "Gemini on Vertex, in a region, before regions cost more": (
        row("vertex_ai", "gemini-3.5-flash", gemini(1000, 1000), region="europe-west4", at="2026-06-30T00:00:00Z"),
        [(1000, "1.5"), (1000, 9)],
    ),
    "a name with its path": (
        row("google", "models/gemini-2.5-flash", gemini(1000, 1000)), [(1000, "0.3"), (1000, "2.5")],
    ),
    # Bedrock
    "a global profile": (
        row("aws", "global.anthropic.claude-opus-5-5", {"inputTokens": 1000, "outputTokens": 100}, api="converse"),
        [(1000, 4), (100, 20)],
    ),
    "in the region": (
        row("aws", "anthropic.claude-opus-5-5", {"inputTokens": 1000, "outputTokens": 100}, region="eu-west-1"),
        [(1000, "4.4"), (100, 22)],
    ),
    "the profile stands in the region alone": (
        row("aws", "anthropic.claude-opus-5-5", {"inputTokens": 1000, "outputTokens": 100}, region="global."),
        [(1000, 4), (100, 20)],
    ),
    "cache lifetimes of Converse": (
        row("aws", "us.anthropic.claude-opus-4-5-20251101-v1:0", {"inputTokens": 10, "outputTokens": 10,
            "cacheReadInputTokens": 1000, "cacheWriteInputTokens": 3000,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 2000}, {"ttl": "5m", "inputTokens": 1000}]}),
        [(10, "5.5"), (1000, "0.55"), (1000, "6.875"), (2000, 11), (10, "27.5")],
    ),
    "an inference profile's ARN names the model": (
        row("aws", "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-opus-5-5",
            {"inputTokens": 1000, "outputTokens": 100}),
        [(1000, "4.4"), (100, 22)],
    ),
    "a foundation model's ARN too": (
        row("aws.bedrock", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5-5",
            {"inputTokens": 1000, "outputTokens": 100}),
        [(1000, "4.4"), (100, 22)],
    ),
    "a batch": (
        row("aws", "us.anthropic.claude-opus-5-5", {"inputTokens": 1000, "outputTokens": 100}, tier="batch"),
        [(1000, "2.2"), (100, 11)],
    ),
    "flex of Nova": (
        row("aws", "us.amazon.nova-pro-v1:0", {"inputTokens": 1000, "outputTokens": 100}, tier="flex"),
        [(1000, "0.4"), (100, "1.6")],
    ),
    "the tier that served stands in the answer": (
        row("aws", "us.amazon.nova-pro-v1:0", {"usage": {"inputTokens": 1000, "outputTokens": 100},
            "serviceTier": {"type": "priority"}}),
        [(1000, "1.4"), (100, "5.6")],
    ),
    "InvokeModel answers in Anthropic's shape": (
        row("aws", "us.anthropic.claude-opus-5-5", message(10, 10, cache_read_input_tokens=1000), api="invoke"),
        [(10, "4.4"), (1000, "0.22"), (10, 22)],
    ),
    "Llama's own counts": (
        row("aws", "us.meta.llama3-3-70b-instruct-v1:0", {"prompt_token_count": 1000, "generation_token_count": 100}),
        [(1100, "0.72")],
    ),
    # LangChain, spans, agents
    "LangChain that includes the cache": (
        row("anthropic", "claude-sonnet-4-5", {"input_tokens": 1100, "output_tokens": 10, "total_tokens": 1110,
            "input_token_details": {"cache_read": 1000}}, api="langchain"),
        [(100, 3), (1000, "0.3"), (10, 15)],
    ),
    "a fine-tuned model, by what it was tuned from": (
        row("openai", "ft:gpt-4.1-mini-2025-04-14:acme::abc", {"prompt_tokens": 1000, "completion_tokens": 100}),
        [(1000, "0.8"), (100, "3.2")],
    ),
    "a key of one's own at OpenRouter, without the provider's bill": (
        row("openrouter", "anthropic/claude-opus-5.5", {"prompt_tokens": 1000, "completion_tokens": 10, "cost": 0,
            "is_byok": True}),
        [(1000, 4), (10, 20)],
    ),
    "LangChain that tells the tier by its parts' names": (
        row("openai", "gpt-5", {"input_tokens": 10_000, "output_tokens": 1000, "total_tokens": 11_000,
            "input_token_details": {"flex_cache_read": 4000, "flex": 6000},
            "output_token_details": {"flex_reasoning": 500, "flex": 500}}, api="langchain"),
        [(6000, "0.625"), (4000, "0.0625"), (1000, 5)],
    ),
    "OpenAI's Realtime, whose parts stand where LangChain's do": (
        row("openai", "gpt-realtime", {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500,
            "input_token_details": {"text_tokens": 200, "audio_tokens": 800, "cached_tokens": 300,
                "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 200}},
            "output_token_details": {"text_tokens": 100, "audio_tokens": 400}}),
        [(100, 4), (600, 32), (300, "0.4"), (100, 16), (400, 64)],
    ),
    "a transcription": (
        row("openai", "gpt-4o-transcribe", {"type": "tokens", "input_tokens": 1000, "output_tokens": 200,
            "total_tokens": 1200, "input_token_details": {"text_tokens": 100, "audio_tokens": 900}}),
        [(100, "2.5"), (900, 6), (200, 10)],
    ),
    "the convention's newer names": (
        row("anthropic", "claude-sonnet-4-5", {"gen_ai.usage.input_tokens": 1100, "gen_ai.usage.output_tokens": 10,
            "gen_ai.usage.cache_read.input_tokens": 900, "gen_ai.usage.cache_write.input_tokens": 100}),
        [(100, 3), (900, "0.3"), (100, "3.75"), (10, 15)],
    ),
    "OpenInference's names": (
        row("openai", "gpt-5", {"llm.token_count.prompt": 1000, "llm.token_count.completion": 100,
            "llm.token_count.prompt_details.cache_read": 600}),
        [(400, "1.25"), (600, "0.125"), (100, 10)],
    ),
    "the AI SDK includes the cache": (
        row("openai", "gpt-5", {"inputTokens": 1000, "outputTokens": 100, "cachedInputTokens": 600}, api="ai-sdk"),
        [(400, "1.25"), (600, "0.125"), (100, 10)],
    ),
    "Codex's names": (
        row("openai", "gpt-5-codex", {"input_tokens": 1000, "cached_input_tokens": 600, "output_tokens": 100,
            "reasoning_output_tokens": 40, "total_tokens": 1100}, api="responses"),
        [(400, "1.25"), (600, "0.125"), (100, 10)],
    ),
    # Azure
    "the US data zone": (
        row("azure", "prod", {"model": "gpt-4o-2024-08-06", **chat(1000, 1000)}, region="us data zone"),
        [(1000, "2.75"), (1000, 11)],
    ),
    "the data zone with the cache": (
        row("azure", "gpt-4o-2024-08-06", chat(1000, 0, **cached(1000)), region="eu datazone"), [(1000, "1.375")],
    ),
    "a zone that costs more than the usual tenth": (
        row("azure", "gpt-6.1-sol", chat(1000, 1000), region="eu data zone"), [(1000, "2.4"), (1000, 12)],
    ),
    "a global deployment": (
        row("azure.ai.openai", "prod", {"model": "gpt-4o-2024-08-06", **chat(1000, 1000)}), [(1000, "2.5"), (1000, 10)],
    ),
    # xAI
    "one token below 200,000": (row("x-ai", "grok-4.7", chat(199_999, 1000)), [(199_999, 2), (1000, 6)]),
    "the threshold in the US": (
        row("x_ai", "grok-4.6", chat(200_000, 1000, **cached(100_000)), region="us"),
        [(100_000, "4.4"), (100_000, "1.1"), (1000, "13.2")],
    ),
    "a price cut": (
        row("xai", "grok-4.20", chat(1000, 1000), at="2026-04-29T23:00:00Z"), [(1000, 2), (1000, 6)],
    ),
    "a batch, a fifth off": (row("x-ai", "grok-4.7", chat(1000, 1000), tier="batch"), [(1000, "1.6"), (1000, "4.8")]),
    "reasoning outside of the completion": (
        row("x-ai", "grok-4.7", chat(1000, 100, total_tokens=1500,
            completion_tokens_details={"reasoning_tokens": 400})),
        [(1000, 2), (500, 6)],
    ),
    "its tools": (
        row("x-ai", "grok-4.7", {"usage": {"input_tokens": 1000, "output_tokens": 100,
            "server_side_tool_usage_details": {"web_search_calls": 3, "x_search_calls": 2,
            "code_interpreter_calls": 1}}}),
        [(1000, 2), (100, 6), (6, "0.005", "each")],
    ),
    # DeepSeek
    "off-peak": (
        row("deepseek", "deepseek-flash", chat(10_000, 1000), at="2026-11-23T04:00:00Z"),
        [(10_000, "0.15"), (1000, "0.6")],
    ),
    "the first minute of the second peak": (
        row("deepseek", "deepseek-flash", chat(10_000, 1000), at="2026-11-23T06:00:00Z"),
        [(10_000, "0.3"), (1000, "1.2")],
    ),
    "peak hours on a Saturday": (
        row("deepseek", "deepseek-v4-pro", chat(10_000, 1000), at="2026-11-21T02:00:00Z"),
        [(10_000, "0.66"), (1000, "1.98")],
    ),
    "peak hours on a Saturday, when weekends still had them": (
        row("deepseek", "deepseek-v4-pro", chat(10_000, 1000), at="2026-08-22T02:00:00Z"),
        [(10_000, "1.32"), (1000, "3.96")],
    ),
    "peak hours on a holiday": (
        row("deepseek", "deepseek-flash", chat(10_000, 1000), at="2026-10-01T02:00:00Z"),
        [(10_000, "0.15"), (1000, "0.6")],
    ),
    "between the two price changes": (
        row("deepseek", "deepseek-v4-flash", chat(10_000, 1000), at="2026-09-01T12:00:00Z"),
        [(10_000, "0.22"), (1000, "0.66")],
    ),
    "the night discount while there was one": (
        row("deepseek", "deepseek-chat",
            chat(10_000, 1000, prompt_cache_hit_tokens=6000, prompt_cache_miss_tokens=4000),
            at="2025-06-01T18:00:00Z"),
        [(4000, "0.135"), (6000, "0.035"), (1000, "0.55")],
    ),
    "no night discount any more": (
        row("deepseek", "deepseek-reasoner", chat(10_000, 1000), at="2026-01-15T18:00:00Z"),
        [(10_000, "0.28"), (1000, "0.42")],
    ),
    # others
    "a rerank by its units": (
        row("cohere", "rerank-v3.5", {"meta": {"billed_units": {"search_units": 3}}}, api="rerank"),
        [(3, "0.002", "each")],
    ),
    "a transcription by its seconds": (
        row("openai", "whisper-1", {"usage": {"type": "duration", "seconds": 90}}, api="audio transcription"),
        [(90, "0.0001", "each")],
    ),
    "speech by its characters": (
        row("openai", "tts-1", {"characters": 1000}, api="audio.speech"), [(1000, 15)],
    ),
    "a document by its pages": (
        row("mistral", "mistral-ocr-2503", {"usage_info": {"pages_processed": 3}},
            api="ocr", at="2025-04-01T00:00:00Z"),
        [(3, "0.001", "each")],
    ),
    "a request's fee by how much it searched": (
        row("perplexity", "sonar-pro", chat(1000, 10, search_context_size="low")),
        [(1000, 3), (10, 15), (1, "0.006", "each")],
    ),
    "video in a live session": (
        row("google", "gemini-live-2.5-flash", {"usageMetadata": {"promptTokenCount": 1000, "responseTokenCount": 10,
            "promptTokensDetails": [{"modality": "VIDEO", "tokenCount": 900}],
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}]}}),
        [(100, "0.5"), (900, 3), (10, 12)],
    ),
    "video where it costs what text costs": (
        row("google", "gemini-2.5-flash", gemini(1000, 10, promptTokensDetails=[
            {"modality": "VIDEO", "tokenCount": 900}])),
        [(1000, "0.3"), (10, "2.5")],
    ),
    "Groq by its own list": (
        row("groq", "openai/gpt-oss-120b", chat(1000, 1000)), [(1000, "0.15"), (1000, "0.6")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_bill_that_was_worked_out_by_hand(name: str) -> None:
    """Each trap's neighbours: other models, tiers, regions, dates, sides of a threshold, shapes of usage."""
    asked, bill = CASES[name]
    told = price_row(json.loads(json.dumps(asked)), NONE)
    expected = sum(
        (Decimal(one[0]) * Decimal(one[1]) / (1 if len(one) == 3 else 10**6) for one in bill), Decimal(0)
    )
    assert told["usd"] is not None, told
    assert abs(told["usd"] - expected) < Decimal("1e-12"), (expected, told)


BYOK = {"cost": 0.0002, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.004}}
REPORTED = {
    "a router's cost": (chat(1000, 10, cost=0.0042), "0.0042"),
    "a router's cost as text": (chat(1000, 10, cost="0.0042"), "0.0042"),
    "with a key of one's own the provider's bill comes on top": (chat(1000, 10, **BYOK), "0.0042"),
    "Perplexity's sum": (chat(1000, 10, cost={"input_tokens_cost": 0.001, "total_cost": 0.006}), "0.006"),
    "xAI's ticks": (chat(1000, 10, cost_in_usd_ticks=42_000_000), "0.0042"),
    "nothing, for a free model": (chat(1000, 10, cost=0), "0"),
}


@pytest.mark.parametrize("name", REPORTED)
def test_what_the_provider_says_that_it_costs_is_taken(name: str) -> None:
    """Whoever bills knows best."""
    usage, usd = REPORTED[name]
    told = price_row(row("openrouter", "anthropic/claude-opus-5.5", usage), NONE)
    assert (told["usd"], told["status"]) == (Decimal(usd), "reported")


NOT_PRICED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown model": (row("openai", "gpt-99-turbo", chat(1, 1)), "unpriced"),
    "an unknown model with a date": (row("openai", "acme-2026-01-01", chat(1, 1)), "unpriced"),
    "an unknown provider of a known model": (row("acme", "gpt-5", chat(1, 1)), "unpriced"),
    "no model at all": (row("openai", "", chat(1, 1)), "unpriced"),
    "an unknown tier": (row("openai", "gpt-5", {**chat(1, 1), "service_tier": "scale"}), "unpriced"),
    "committed capacity": (claude("claude-opus-5", message(1, 1, service_tier="priority")), "unpriced"),
    "provisioned throughput": (
        row("google", "gemini-2.5-pro", gemini(1, 1, trafficType="PROVISIONED_THROUGHPUT")), "unpriced",
    ),
    "a deployment that nobody knows": (row("azure", "prod", {"model": "prod", **chat(1, 1)}), "unpriced"),
    "audio where only text is listed": (
        row("openai", "gpt-4o", chat(100, 1, prompt_tokens_details={"audio_tokens": 50})), "unpriced",
    ),
    "parts beyond the whole": (row("openai", "gpt-5", chat(10, 1, **cached(900))), "unpriced"),
    "a model in Ollama's cloud": (row("ollama", "gpt-oss:120b-cloud", chat(1, 1)), "unpriced"),
    "null": (row("openai", "gpt-5", {"usage": None}), "unknown_usage"),
    "nothing": (row("openai", "gpt-5", None), "unknown_usage"),
    "an empty object": (row("openai", "gpt-5", {"usage": {}}), "unknown_usage"),
    "a stream without usage": (row("openai", "gpt-5", [{"choices": []}, {"choices": [], "usage": None}]),
        "unknown_usage"),
    "text where a number belongs": (row("openai", "gpt-5", chat("10000", 1)),
        "unknown_usage"),  # type: ignore[arg-type]
    "less than nothing": (row("openai", "gpt-5", chat(-5, 1)), "unknown_usage"),
    "half a token": (row("openai", "gpt-5", chat(10.5, 1)), "unknown_usage"),  # type: ignore[arg-type]
    "true": (row("openai", "gpt-5", chat(True, 1)), "unknown_usage"),
    "a broken detail": (row("openai", "gpt-5", chat(10, 1, **cached("2"))), "unknown_usage"),  # type: ignore[arg-type]
    "a million million tokens": (row("openai", "gpt-5", chat(10**12, 1)), "unknown_usage"),
    "text": (row("openai", "gpt-5", "many"), "unknown_usage"),
    "other counts": (row("openai", "gpt-5", {"usage": {"words": 5}}), "unknown_usage"),
    "output alone": (row("openai", "gpt-5", {"usage": {"completion_tokens": 5}}), "unknown_usage"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_PRICED)
def test_what_cannot_be_priced_is_null_and_says_why(name: str) -> None:
    """Never 0, never a part of the bill, and never a guess."""
    asked, status = NOT_PRICED[name]
    told = price_row(asked, NONE)
    assert (told["usd"], told["status"], told["lines"]) == (None, status, [])
    assert told["reason"]


FREE = {
    "a local model": row("ollama", "llama3.2:3b", chat(1000, 1000)),
    "a local server": row("vllm", "meta-llama/Llama-3.3-70B", chat(1000, 1000)),
    "a free model of a router": row("openrouter", "deepseek/deepseek-r1:free", chat(1000, 1000)),
    "a model that its maker gives away": row("google", "gemma-3-27b-it", gemini(1000, 1000)),
    "a moderation": row("openai", "omni-moderation-latest", chat(10, 0), api="moderations"),
}


@pytest.mark.parametrize("name", FREE)
def test_what_nobody_bills_is_zero_and_says_so(name: str) -> None:
    """A known 0 is no unknown."""
    told = price_row(FREE[name], NONE)
    assert (told["usd"], told["status"]) == (0, "not_metered")


ESTIMATES = {
    "the tier was only asked for": row(
        "openai", "gpt-5", {"request": {"service_tier": "flex"}, **chat(1000, 10)}
    ),
    "only the model's name tells who bills": row("litellm", "gpt-5", chat(1000, 10)),
    "a total that is not the sum": row("openai", "gpt-5", chat(1000, 10, total_tokens=900)),
    "a tier's rates of a day on which nobody recorded them": row(
        "openai", "o3", chat(1000, 10), tier="batch", at="2025-03-01T00:00:00Z"
    ),
    "a message without output": row("openai", "gpt-5", {"usage": {"prompt_tokens": 1000}}),
}


@pytest.mark.parametrize("name", ESTIMATES)
def test_an_estimate_says_why_it_is_one(name: str) -> None:
    """Priced, but not as sure as the others."""
    told = price_row(ESTIMATES[name], NONE)
    assert told["status"] == "estimated", told
    assert told["reason"]


@pytest.mark.parametrize(
    ("name", "target", "usd"),
    [
        ("my-prod-gpt", Target("gpt-4o-2024-08-06"), "0.0125"),
        ("my-prod-gpt", Target("claude-opus-5-5", "anthropic", "us"), "0.0264"),
    ],
)
def test_an_alias_names_the_model_behind_a_name_of_ones_own(name: str, target: Target, usd: str) -> None:
    """And, where that is needed, who bills and where."""
    asked = row("azure", name, chat(1000, 1000))
    told = price_row(asked, Aliases({name: target}))
    assert told["usd"] == Decimal(usd)
