"""What do the demo's tests share? A scripted provider, and SDKs that are led to it."""

from collections.abc import Iterator

import pytest

from otel_burn.demo.provider import ScriptedProvider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """A provider on loopback; the environment leads the SDKs to it."""
    with ScriptedProvider() as provider:
        for name, value in provider.environment.items():
            monkeypatch.setenv(name, value)
        yield provider
