"""Are the usage objects of all who speak OpenAI's formats read as the convention counts?"""

from typing import Any

import pytest

from otel_burn.formats.openai_usage import read_timings, read_usage
from otel_burn.usage import Usage

Counts = dict[str, Any]

CASES: dict[str, tuple[Counts, Usage | None]] = {
    "openai": (
        {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
         "prompt_tokens_details": {"cached_tokens": 800, "audio_tokens": 10, "image_tokens": 20, "text_tokens": 970},
         "completion_tokens_details": {"reasoning_tokens": 150, "audio_tokens": 5, "accepted_prediction_tokens": 3,
                                       "rejected_prediction_tokens": 2}},
        Usage(1000, 200, cache_read_tokens=800, reasoning_tokens=150, audio_input_tokens=10, audio_output_tokens=5,
              image_input_tokens=20),
    ),
    "deepseek": (
        {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59, "prompt_cache_hit_tokens": 32,
         "prompt_cache_miss_tokens": 18},
        Usage(50, 9, cache_read_tokens=32),
    ),
    "mistral": (
        {"prompt_tokens": 64, "completion_tokens": 6, "total_tokens": 70, "num_cached_tokens": 32},
        Usage(64, 6, cache_read_tokens=32),
    ),
    "mistral voxtral": (
        {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10, "prompt_audio_seconds": 203},
        Usage(4, 6, units={"audio_input_seconds": 203}),
    ),
    "moonshot": (
        {"prompt_tokens": 19, "completion_tokens": 21, "total_tokens": 40, "cached_tokens": 19},
        Usage(19, 21, cache_read_tokens=19),
    ),
    "xai leaves the reasoning out": (
        {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135, "num_sources_used": 0,
         "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 8},
         "completion_tokens_details": {"reasoning_tokens": 94, "audio_tokens": 0}},
        Usage(32, 103, cache_read_tokens=8, reasoning_tokens=94, audio_input_tokens=0, audio_output_tokens=0,
              image_input_tokens=0),
    ),
    "gemini leaves its thoughts out and unnamed": (
        {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109},
        Usage(35, 74),
    ),
    "perplexity": (
        {"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 20016,
         "num_search_queries": 18, "reasoning_tokens": 73997},
        Usage(20049, 81160, reasoning_tokens=73997,
              units={"web_search_requests": 18, "tool_use_input_tokens": 20016}),
    ),
    "openrouter": (
        {"prompt_tokens": 2315, "completion_tokens": 40, "total_tokens": 2355, "cost": 0.0076, "is_byok": False,
         "cost_details": {"upstream_inference_cost": 0.0006}, "server_tool_use_details": {"web_search_requests": 1},
         "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2, "audio_tokens": 0, "video_tokens": 0},
         "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": 7}},
        Usage(2315, 40, cache_read_tokens=1, cache_write_tokens=2, reasoning_tokens=0, audio_input_tokens=0,
              image_output_tokens=7, units={"web_search_requests": 1}),
    ),
    "openrouter's reasoning beyond the output is left as it is said": (
        {"prompt_tokens": 43, "completion_tokens": 10, "total_tokens": 53,
         "completion_tokens_details": {"reasoning_tokens": 11}},
        Usage(43, 10, reasoning_tokens=11),
    ),
    "dashscope": (
        {"prompt_tokens": 1000, "completion_tokens": 5, "total_tokens": 1005,
         "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_input_tokens": 900,
                                   "cache_creation": {"ephemeral_5m_input_tokens": 900}}},
        Usage(1000, 5, cache_read_tokens=0, cache_write_tokens=900, cache_write_5m_tokens=900),
    ),
    "litellm's proxy": (
        {"prompt_tokens": 1000, "completion_tokens": 5, "total_tokens": 1005, "cache_read_input_tokens": 700,
         "cache_creation_input_tokens": 200,
         "prompt_tokens_details": {"cached_tokens": 700, "cache_creation_tokens": 200,
            "cache_creation_token_details": {"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 150}}},
        Usage(1000, 5, cache_read_tokens=700, cache_write_tokens=200, cache_write_5m_tokens=50,
              cache_write_1h_tokens=150),
    ),
    "a prompt that leaves out what was cached": (
        {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 1005, "cache_read_input_tokens": 700,
         "cache_creation_input_tokens": 200},
        Usage(1000, 5, cache_read_tokens=700, cache_write_tokens=200),
    ),
    "responses": (
        {"input_tokens": 88, "output_tokens": 14, "total_tokens": 102, "output_tokens_details": {"reasoning_tokens": 3},
         "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 86,
                                  "cache_write_tokens_details": {"ttl_30m": 80, "ttl_12h": 6}}},
        Usage(88, 14, cache_read_tokens=0, cache_write_tokens=86, reasoning_tokens=3,
              units={"cache_write_30m_tokens": 80, "cache_write_12h_tokens": 6}),
    ),
    "transcription": (
        {"type": "tokens", "input_tokens": 14, "output_tokens": 101, "total_tokens": 115,
         "input_token_details": {"text_tokens": 10, "audio_tokens": 4}},
        Usage(14, 101, audio_input_tokens=4),
    ),
    "whisper": ({"type": "duration", "seconds": 9.5}, Usage(units={"audio_input_seconds": 9.5})),
    "details that are null": (
        {"prompt_tokens": 448, "completion_tokens": 38, "prompt_tokens_details": None,
         "completion_tokens_details": None},
        Usage(448, 38),
    ),
    "output alone": ({"completion_tokens": 38}, Usage(None, 38)),
    "nothing": ({}, None),
    "no numbers": ({"prompt_tokens": "12", "completion_tokens": True, "prompt_audio_seconds": {}}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_host_s_usage(name: str) -> None:
    """Input includes what was cached, output the reasoning, and nothing is there that was not said."""
    usage, expected = CASES[name]
    assert read_usage(usage) == expected


def test_llama_cpp_s_timings() -> None:
    """Timings stand for the usage where they say how much came from the cache, and only there."""
    assert read_timings({"prompt_n": 3, "cache_n": 236, "predicted_n": 35}) == Usage(
        239, 35, cache_read_tokens=236
    )
    assert read_timings({"prompt_n": 3, "predicted_n": 35}) is None
