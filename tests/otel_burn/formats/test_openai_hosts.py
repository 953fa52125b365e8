"""Is each host told by its name: whose it is, where it stands, what it understands?"""

import pytest

from otel_burn.formats.hosts import provider_of, region_of
from otel_burn.prices.sellers import NOBODY, OTEL_PROVIDERS
from otel_burn.prices.table import providers

HOSTS = [
    ("api.openai.com", "openai", None),
    ("API.OpenAI.com", "openai", None),
    ("eu.api.openai.com", "openai", "eu"),
    ("myteam.openai.azure.com", "azure.ai.openai", None),
    ("eastus.api.cognitive.microsoft.com", "azure.ai.openai", "eastus"),
    ("myteam.services.ai.azure.com", "azure.ai.inference", None),
    ("Mistral-large-x.eastus2.models.ai.azure.com", "azure.ai.inference", "eastus2"),
    ("models.inference.ai.azure.com", "github", None),
    ("bedrock-runtime.us-east-1.amazonaws.com", "aws.bedrock", "us-east-1"),
    ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "aws.bedrock", "us-gov-west-1"),
    ("vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "aws.bedrock", "eu-west-1"),
    ("bedrock-agent-runtime.us-west-2.amazonaws.com", "aws.bedrock", "us-west-2"),
    ("bedrock-mantle.us-east-1.api.aws", "aws.bedrock", "us-east-1"),
    ("s3.us-east-1.amazonaws.com", None, None),
    ("us-central1-aiplatform.googleapis.com", "gcp.vertex_ai", "us-central1"),
    ("aiplatform.eu.rep.googleapis.com", "gcp.vertex_ai", "eu"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai", None),
    ("storage.googleapis.com", None, None),
    ("generativelanguage.googleapis.com", "gcp.gemini", None),
    ("us-east-1.api.x.ai", "x_ai", "us-east-1"),
    ("us-south.ml.cloud.ibm.com", "ibm.watsonx.ai", "us-south"),
    ("us.inference.heroku.com", "heroku", "us"),
    ("ark.cn-beijing.volces.com", "volcengine", "cn-beijing"),
    ("inference.generativeai.us-chicago-1.oci.oraclecloud.com", "oracle", "us-chicago-1"),
    ("api.inference.crusoecloud.com", "crusoe", None),
    ("myorg-account.snowflakecomputing.com", "snowflake", None),
    ("adb-1.2.azuredatabricks.net", "databricks", None),
    ("router.huggingface.co", "huggingface", None),
    ("api.studio.nebius.com", "nebius", None),
    ("notapi.openai.com.example", None, None),
    ("localhost", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("host", "name", "region"), HOSTS)
def test_hosts(host: str, name: str | None, region: str | None) -> None:
    """The provider and the region that a host names."""
    found = provider_of(host, 443, {})
    assert (found and found.name, region_of(host)) == (name, region)


def test_ollama_is_told_by_its_port_and_by_the_user_s_word() -> None:
    """A port of its own tells Ollama; the user's table outranks everything."""
    by_port, unknown = provider_of("localhost", 11434, {}), provider_of("localhost", 8000, {})
    assert (by_port and by_port.name, unknown) == ("ollama", None)
    named = provider_of("api.openai.com", 443, {"api.openai.com": "groq"})
    own = provider_of("gpu-1", 8000, {"gpu-1:8000": "my_vllm"})
    assert (named and named.name, own and own.name) == ("groq", "my_vllm")


def test_usage_is_asked_for_only_where_it_must_and_may_be() -> None:
    """Known hosts that take the option and send nothing without; never a host that we don't know."""
    hosts = ["api.openai.com", "x.openai.azure.com", "dashscope-intl.aliyuncs.com", "api.x.ai"]
    others = ["api.groq.com", "openrouter.ai", "api.mistral.ai", "api.deepseek.com", "router.huggingface.co"]
    found = [provider_of(host, 443, {}) for host in (*hosts, *others)]
    assert [one.stream_usage for one in found if one] == [True] * len(hosts) + [False] * len(others)


@pytest.mark.parametrize(
    "host",
    ["api.openai.com", "api.groq.com", "api.mistral.ai", "api.deepseek.com", "openrouter.ai", "api.together.xyz",
     "api.cerebras.ai", "api.fireworks.ai", "api.perplexity.ai", "api.x.ai", "api.moonshot.ai", "api.voyageai.com",
     "api.cohere.com", "api.z.ai", "x.openai.azure.com", "bedrock-mantle.us-east-1.api.aws",
     "us-central1-aiplatform.googleapis.com", "api.novita.ai", "api.minimax.io", "inference.baseten.co"],
)  # fmt: skip
def test_prices_know_our_names(host: str) -> None:
    """The name that a host gets is one that the price lists are found by."""
    found = provider_of(host, 443, {})
    assert found is not None
    assert found.name not in NOBODY
    assert OTEL_PROVIDERS.get(found.name, found.name) in providers()
