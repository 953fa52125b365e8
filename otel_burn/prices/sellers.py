"""Whose price list does a call fall under, and which line of it? By provider, host and the model's name; cached."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from otel_burn.prices.table import Model, Provider, matches, providers

OTEL_PROVIDERS: Final[Mapping[str, str]] = {
    "ai_gateway": "vercel",
    "alibaba_cloud": "alibaba",
    "aliyun": "alibaba",
    "amazon": "aws",
    "amazon_bedrock": "aws",
    "aws.bedrock": "aws",
    "aws_bedrock": "aws",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_ai": "azure",
    "azure_openai": "azure",
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "gemini": "google",
    "google_genai": "google",
    "google_vertexai": "google",
    "google_ai_studio": "google",
    "tongyi": "alibaba",
    "vercel_ai_gateway": "vercel",
    "vertex": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "ibm": "watsonx",
    "ibm.watson.ai": "watsonx",
    "ibm.watsonx.ai": "watsonx",
    "jina_ai": "jina",
    "lambda_ai": "lambda",
    "meta_llama": "meta",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "moonshot_ai": "moonshotai",
    "nebius_ai": "nebius",
    "qwen": "alibaba",
    "together_ai": "together",
    "togetherai": "together",
    "dashscope": "alibaba",
    "fireworks_ai": "fireworks",
    "github": "github-copilot",
    "github.copilot": "github-copilot",
    "github_copilot": "github-copilot",
    "voyage": "voyageai",
    "voyage_ai": "voyageai",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "z_ai": "zai",
    "z-ai": "zai",
}
"""`gen_ai.provider.name` (and what SDKs and routers write instead) to the name in our table, where they differ."""

NOBODY: Final = frozenset(
    {
        "", "unknown", "_other", "other", "custom", "openai_compatible", "openai-compatible", "litellm",
        "litellm_proxy", "langchain", "portkey", "helicone", "gateway", "proxy", "router",
    }
)  # fmt: skip
"""Names that say nothing about who bills: then the model's own name decides."""

ROUTED: Final = frozenset({"huggingface", "hugging_face", "hf"})
"""Hugging Face's router, at which a model's name ends in whose prices it has: `meta-llama/Llama-3.3-70B:groq`."""

CLOSED: Final = ("anthropic", "google", "openai", "x-ai")
"""Makers whose models nobody can run at home: whoever sells them, the maker's list is a fair estimate."""

LOCAL: Final = frozenset(
    {
        "ollama", "llama.cpp", "llamacpp", "llama_cpp", "lmstudio", "lm_studio", "vllm", "sglang", "localai",
        "llamafile", "mlx", "gpt4all", "jan", "koboldcpp", "local", "ollama_chat", "hosted_vllm", "docker",
        "docker_model_runner", "exo", "ramalama", "text-generation-inference", "tgi", "xinference", "mlx_lm",
        "llama-cpp-python", "openllm", "lemonade", "foundry_local", "docker-model-runner",
    }
)  # fmt: skip
"""Programs that run a model on the user's own machine, where nobody meters tokens."""

HOSTED: Final = ("-cloud", ":cloud")
"""How Ollama names the models that it runs on machines of its own, for money."""

PROFILES: Final = re.compile(r"(us|eu|apac|ap|jp|au|ca|in|sa|mx|me|af|us-gov|global)\.?")
"""Bedrock's inference profiles across regions, as they stand in front of a model's id."""

COMPACT_DATE: Final = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
PATHS: Final = re.compile(r"^(?:.*[/:])?(?:models|foundation-model|inference-profile)/(?=[^/]+$)")
"""What stands before the model in names of Gemini, Vertex AI and in ARNs of Bedrock."""
REGION: Final = re.compile(r"^[a-z]{2}(?:-[a-z]+)+-\d/")
ROUTE: Final = re.compile(r"^(?:converse|converse_like|invoke|responses|chat)/")
"""Which of a seller's APIs LiteLLM is to call: `bedrock/converse/us.anthropic.claude-opus-5-5`."""
VERSION: Final = re.compile(
    r"(?:[-@](?:20\d\d-?[01]\d-?[0-3]\d|latest|default|preview|stable|\d{3})|-v\d+(?::\d+)?"
    r"|:(?:nitro|floor|exacto|online|beta|extended|thinking|latest))$"
)
"""A snapshot's date, an alias or a router's variant: what most models cost the same without."""

TUNED: Final = "ft:"
"""How a fine-tuned model begins: `ft:<base>:<organisation>:<suffix>:<id>` costs what `ft:<base>` does."""

CACHED: Final = 4096
"""Distinct (provider, model, host) that stay resolved: an agent uses few, a collector a few hundred."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A model's line on a price list."""

    seller: Provider
    list_name: str
    """Whose list it is: the seller's, or that of a maker whom the seller resells."""
    model: Model
    guess: str
    """Why this is no more than an estimate: nothing but a name told who bills, or which version; empty if it's sure."""

    @property
    def own(self) -> bool:
        """Whether it is the list of the model's seller."""
        return self.list_name == self.seller.name

    @property
    def has_windows(self) -> bool:
        """Whether the price depends on the time of day."""
        return any(period.window for period in self.model.periods)


@lru_cache(maxsize=CACHED)
def is_local(provider: str | None, model: str) -> bool:
    """Whether the call ran on a machine of the user's own."""
    asked, said = (provider or "").lower(), model.lower()
    where = said.partition("/")[0] if asked in NOBODY else asked
    return where in LOCAL and not said.endswith(HOSTED)


@lru_cache(maxsize=CACHED)
def find_model(
    provider: str | None, model: str, host: str | None = None, region: str | None = None
) -> Listed | None:
    """The line on the price list of whoever bills the call, or None when no list has it."""
    asked, said = (provider or "").lower().strip(), model.lower().strip()
    for seller, reference, guess in _sellers(asked, said, host):
        for spelling, unsure in _spellings(seller, reference, region):
            if listed := _on_list(seller, spelling, guess or unsure):
                return listed
    return None


def _sellers(provider: str, model: str, host: str | None) -> Iterator[tuple[Provider, str, str]]:
    """Who may bill the call, what it calls the model, and why that is a guess."""
    name, _, served_by = model.rpartition(":")
    if provider in ROUTED and name and (seller := providers().get(f"huggingface_{served_by}")):
        yield seller, name, ""
    elif seller := _owner(host) or _named(provider):
        yield seller, model, ""
    elif provider in NOBODY:
        prefix, slash, rest = model.partition("/")
        if slash and (seller := _named(prefix)):
            yield seller, rest, "only the model's name tells who bills"
        for seller in map(providers().__getitem__, CLOSED):
            if matches(seller.models_match, model):
                yield seller, model, "only the model's name tells who bills"


def _spellings(seller: Provider, reference: str, region: str | None) -> Iterator[tuple[str, str]]:
    """How the list may write the model, and why taking that one is a guess."""
    bare = PATHS.sub("", reference)
    prefix, slash, rest = bare.partition("/")
    within = (
        ROUTE.sub("", REGION.sub("", rest)) if slash and _named(prefix) in (seller, *_makers(seller)) else ""
    )
    tuned = ":".join(bare.split(":")[:2]) if bare.startswith(TUNED) else ""
    for name in filter(None, (reference, bare, within, tuned)):
        if seller.name == "aws" and region:
            place = region.lower()
            yield f"{place.rstrip('.')}.{name}" if PROFILES.fullmatch(place) else f"{place}/{name}", ""
        yield name, ""
        yield COMPACT_DATE.sub(r"-\1-\2-\3", name), ""  # some routers write dates without dashes
    name = within or bare
    while (shorter := VERSION.sub("", name)) != name:
        yield shorter, f"no list has {reference!r}, so it is priced as {shorter!r}"
        name = shorter


def _makers(seller: Provider) -> list[Provider]:
    return [providers()[name] for name in seller.resells]


def _named(provider: str) -> Provider | None:
    known = providers().get(OTEL_PROVIDERS.get(provider, provider))
    vendor = provider.partition(".")[0]  # as Vercel's AI SDK says it: `openai.responses`
    return known or providers().get(OTEL_PROVIDERS.get(vendor, vendor))


def _owner(host: str | None) -> Provider | None:
    if not host:
        return None
    return next((each for each in providers().values() if each.api.match(f"https://{host}/")), None)


def _on_list(seller: Provider, reference: str, guess: str) -> Listed | None:
    for owner in (seller, *_makers(seller)):
        for model in owner.models:
            if matches(model.match, reference):
                return Listed(seller, owner.name, model, guess)
    return None
