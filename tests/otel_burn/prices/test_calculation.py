"""Is a call priced at its own rates, exactly, or said to be unpriced?"""

import decimal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product

import pytest

from otel_burn.prices import RATE_VERSION, Price, billed_model, price
from otel_burn.usage import Usage

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
THOUSAND = Usage(input_tokens=1000, output_tokens=1000)
OPENAI = {"provider": "openai"}


def cost(model: str, usage: Usage = THOUSAND, *, provider: str | None = "anthropic", **more: object) -> Price:
    """The price of *usage*, at noon of a day in November unless *more* says otherwise."""
    return price(provider=provider, model=model, usage=usage, **{"at": NOON, **more})  # type: ignore[arg-type]


def test_each_kind_of_token_has_its_own_line() -> None:
    """Cache reads, writes for five minutes and for an hour, input and output are priced apart."""
    usage = Usage(
        input_tokens=54_000,
        output_tokens=500,
        cache_read_tokens=50_000,
        cache_write_tokens=3_000,
        cache_write_5m_tokens=1_000,
        cache_write_1h_tokens=2_000,
        reasoning_tokens=400,
    )
    bill = cost("claude-sonnet-5-5", usage)
    assert [(line.unit, line.quantity, line.usd) for line in bill.lines] == [
        ("input_tokens", 1_000, Decimal("0.002")),
        ("cache_read_tokens", 50_000, Decimal("0.005")),
        ("cache_write_tokens", 1_000, Decimal("0.0025")),
        ("cache_write_1h_tokens", 2_000, Decimal("0.008")),
        ("output_tokens", 500, Decimal("0.005")),
    ]
    assert (bill.usd, bill.status, bill.rate_version) == (Decimal("0.0225"), "computed", RATE_VERSION)


def test_the_lines_sum_to_the_price_exactly() -> None:
    """Whatever the quantities, not a digit is lost between the lines and the total."""
    for read, write, output in product((0, 7, 99_999_999_999), (0, 13), (0, 1, 123_457)):
        usage = Usage(read + write + 3, output, cache_read_tokens=read, cache_write_tokens=write)
        bill = cost("claude-opus-5-5", usage)
        assert bill.usd == sum((line.usd for line in bill.lines), Decimal(0))
        assert sum(line.quantity for line in bill.lines) == read + write + 3 + output


def test_the_agents_own_decimal_context_does_not_round_money() -> None:
    """A program that works with three digits, and traps rounding, gets the same price."""
    with decimal.localcontext(decimal.Context(prec=3, traps=[decimal.Inexact])):
        assert cost("claude-sonnet-5-5", Usage(1_234_567, 89)).usd == Decimal("2.470024")


def test_a_write_that_says_only_its_lifetimes_is_the_sum_of_them() -> None:
    """The total of cache writes may be missing where the parts are given."""
    parts = Usage(1_000, 0, cache_write_5m_tokens=400, cache_write_1h_tokens=600)
    whole = Usage(1_000, 0, cache_write_tokens=1_000, cache_write_1h_tokens=600)
    assert cost("claude-sonnet-5-5", parts) == cost("claude-sonnet-5-5", whole)


@pytest.mark.parametrize(
    ("at", "usd"),
    [
        (datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC), "0.05"),
        (datetime(2025, 6, 10, tzinfo=UTC), "0.01"),
        (datetime(2025, 6, 10), "0.01"),  # noqa: DTZ001 - naive means UTC
        (datetime(2025, 6, 10, 1, tzinfo=timezone(timedelta(hours=2))), "0.05"),
    ],
)
def test_the_calls_own_date_selects_the_rate(at: datetime, usd: str) -> None:
    """o3 became cheaper on 10 June 2025, midnight UTC; calls before that keep the old price."""
    assert cost("o3", provider="openai", at=at).usd == Decimal(usd)


@pytest.mark.parametrize(
    ("provider", "model", "at_threshold", "below", "above"),
    [
        ("openai", "gpt-6.1-sol", 272_000, "0.000002", "0.000004"),
        ("anthropic", "claude-sonnet-4-5", 200_000, "0.000003", "0.000006"),
        ("x_ai", "grok-4.7", 199_999, "0.000002", "0.000004"),
    ],
)
def test_a_long_prompt_changes_the_rate_above_its_threshold(
    provider: str, model: str, at_threshold: int, below: str, above: str
) -> None:
    """The threshold counts everything read, cache included, and itself still has the lower rate."""

    def rate(input_tokens: int) -> Decimal:
        usage = Usage(input_tokens, 1, cache_read_tokens=input_tokens - 10)
        return cost(model, usage, provider=provider).lines[0].rate

    assert rate(at_threshold) == Decimal(below)
    assert rate(at_threshold + 1) == Decimal(above)


def test_the_time_of_day_selects_the_rate_where_it_counts() -> None:
    """DeepSeek's peak hours cost double, and only since they exist."""
    peak, night = datetime(2026, 11, 16, 2, tzinfo=UTC), datetime(2026, 11, 16, 5, tzinfo=UTC)
    before = datetime(2026, 7, 1, 2, tzinfo=UTC)
    sunday, holiday = datetime(2026, 11, 15, 2, tzinfo=UTC), datetime(2026, 10, 1, 2, tzinfo=UTC)
    moments = (peak, night, before, sunday, holiday)
    assert [cost("deepseek-v4-flash", provider="deepseek", at=at).usd for at in moments] == [
        Decimal("0.0015"), Decimal("0.00075"), Decimal("0.00042"), Decimal("0.00075"), Decimal("0.00075"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tier", "usd"),
    [
        (None, "0.01125"),
        ("default", "0.01125"),
        ("flex", "0.005625"),
        ("priority", "0.0225"),
        ("batch", "0.005625"),
    ],
)
def test_the_service_tier_selects_the_rate(tier: str | None, usd: str) -> None:
    """Flex and batch are cheaper, priority dearer."""
    assert cost("gpt-5", provider="openai", service_tier=tier).usd == Decimal(usd)


@pytest.mark.parametrize(
    ("provider", "model", "host"),
    [
        ("openai", "gpt-5", None),
        ("OpenAI", "GPT-5", None),
        ("openai", "gpt-5-2025-08-07", None),
        ("openai", "gpt-5-20250807", None),
        ("azure.ai.openai", "gpt-5", None),
        ("litellm", "openai/gpt-5", None),
        (None, "gpt-5", None),
        ("unknown", "gpt-5", None),
        ("somebody", "gpt-5", "api.openai.com"),
        ("openai", "gpt-5", "127.0.0.1:41234"),
    ],
)
def test_one_model_has_many_spellings(provider: str | None, model: str, host: str | None) -> None:
    """Whoever reports the call, and however, the price is that of the list."""
    bill = cost(model, provider=provider, host=host)
    assert bill.usd is not None
    assert bill.lines[0].rate == Decimal("0.00000125"), bill


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("gcp.gemini", "gemini-2.5-pro"),
        ("gcp.vertex_ai", "gemini-2.5-pro"),
        ("gcp.vertex_ai", "claude-sonnet-4-5"),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("mistral_ai", "mistral-large-latest"),
        ("x_ai", "grok-4.7"),
        ("groq", "llama-3.3-70b-versatile"),
        ("deepseek", "deepseek-chat"),
        ("cohere", "command-r-plus"),
        ("openrouter", "anthropic/claude-opus-4.5"),
    ],
)
def test_the_names_of_the_convention_find_their_price_lists(provider: str, model: str) -> None:
    """Each `gen_ai.provider.name` that bills by the token leads to a price."""
    assert cost(model, provider=provider).status == "computed"


@pytest.mark.parametrize(
    ("provider", "model", "status"),
    [
        ("openai", "gpt-5", "computed"),
        ("openai_compatible", "gpt-5", "estimated"),
        (None, "claude-opus-5", "estimated"),
        ("litellm", "deepseek/deepseek-chat", "estimated"),
        ("openai_compatible", "deepseek-chat", "unpriced"),
    ],
)
def test_a_price_is_an_estimate_where_only_the_models_name_tells_who_bills(
    provider: str | None, model: str, status: str
) -> None:
    """A gateway may add or discount; and a model with open weights may run on anyone's machine."""
    assert cost(model, provider=provider).status == status


def test_a_known_host_outranks_the_provider_whose_sdk_was_used() -> None:
    """OpenAI's SDK that calls Groq is billed by Groq."""
    bill = cost("openai/gpt-oss-120b", provider="openai", host="api.groq.com")
    assert bill == cost("openai/gpt-oss-120b", provider="groq")
    assert bill.status == "computed"


@pytest.mark.parametrize(
    ("why", "model", "usage", "more"),
    [
        ("no price list has the model 'acme-1'", "acme-1", THOUSAND, {}),
        ("of the provider 'my-gateway'", "gpt-5", THOUSAND, {"provider": "my-gateway"}),
        ("no price list has the model ''", "", THOUSAND, {}),
        ("no price list", "arn:aws:bedrock:us-east-1:1:x/abc", THOUSAND, {"provider": "aws.bedrock"}),
        ("reported no usage", "claude-opus-5", Usage(), {}),
        ("no rate for audio_input_tokens", "claude-opus-5", Usage(9, 9, audio_input_tokens=5), {}),
        ("no rate for cache_write_1h_tokens", "gpt-5", Usage(9, 9, cache_write_1h_tokens=5), OPENAI),
        ("service tier 'priority'", "claude-opus-5", THOUSAND, {"service_tier": "priority"}),
        ("service tier 'scale'", "gpt-5", THOUSAND, {**OPENAI, "service_tier": "scale"}),
        ("service tier 'flex'", "gpt-5", THOUSAND, {"provider": "azure.ai.openai", "service_tier": "flex"}),
        ("exceed the whole", "claude-opus-5", Usage(10, 1, cache_read_tokens=900), {}),
    ],
)  # fmt: skip
def test_what_cannot_be_priced_is_unpriced_and_never_zero(
    why: str, model: str, usage: Usage, more: dict[str, object]
) -> None:
    """No price, no lines, and a reason that a person understands."""
    bill = cost(model, usage, **more)  # type: ignore[arg-type]
    assert (bill.usd, bill.status, bill.lines) == (None, "unpriced", ())
    assert why in bill.reason


def test_a_unit_without_a_rate_of_its_own_costs_what_its_whole_costs() -> None:
    """Where a list has no discount for cache reads, they are input."""
    usage = Usage(1_000, 0, cache_read_tokens=400)
    assert (
        cost("gpt-4", usage, provider="openai").usd == cost("gpt-4", Usage(1_000, 0), provider="openai").usd
    )


@pytest.mark.parametrize(
    ("provider", "model", "status"),
    [
        ("ollama", "llama3.2:3b", "not_metered"),
        ("unknown", "ollama/llama3.2:3b", "not_metered"),
        ("ollama", "gpt-oss:120b-cloud", "unpriced"),
        ("openai", "ollama/llama3.2:3b", "unpriced"),
    ],
)
def test_a_model_on_ones_own_machine_is_not_metered(provider: str, model: str, status: str) -> None:
    """Local models cost nothing by the token; those that Ollama hosts do. A provider that is known is believed."""
    assert cost(model, provider=provider).status == status


def test_importing_the_prices_reads_no_table_and_nothing_beyond_the_standard_library() -> None:
    """An agent that never asks for a price pays nothing for it."""
    code = (
        "import sys; before = set(sys.modules); import otel_burn.prices as prices;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'otel_burn'}),"
        " prices.table.providers.cache_info().currsize)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[] 0"


@pytest.mark.parametrize(
    ("provider", "requested", "responded", "billed"),
    [
        ("openai", "gpt-5", "gpt-5-2025-08-07", "gpt-5-2025-08-07"),
        ("openai", "gpt-5", None, "gpt-5"),
        ("aws.bedrock", "global.anthropic.claude-opus-5", "claude-opus-5", "global.anthropic.claude-opus-5"),
        (
            "aws.bedrock",
            "arn:aws:bedrock:x:1:application-inference-profile/a",
            "claude-opus-5",
            "claude-opus-5",
        ),
        (None, None, None, None),
    ],
)
def test_by_which_name_a_call_is_billed(
    provider: str | None, requested: str | None, responded: str | None, billed: str | None
) -> None:
    """The model that answered, but on Bedrock the profile that was asked for."""
    assert billed_model(provider, requested, responded) == billed
