"""Is what we write as OTLP what the stock encoder writes?"""

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from otel_burn.otlp import Encoder, of_sdk

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=200)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
SCALARS = TEXT | st.booleans() | INTEGERS | st.floats(allow_nan=False)
VALUES = (
    SCALARS
    | st.lists(TEXT, max_size=5)
    | st.lists(INTEGERS, max_size=5)
    | st.lists(st.booleans(), max_size=3)
)
ATTRIBUTES = st.dictionaries(TEXT.filter(bool), VALUES, max_size=6)
CONTEXTS = st.builds(
    SpanContext,
    st.integers(1, 2**128 - 1),
    st.integers(1, 2**64 - 1),
    st.booleans(),
    st.just(TraceFlags(1)),
    st.sampled_from([None, TraceState([("a", "1"), ("b", "2")])]),
)


@given(
    ATTRIBUTES,
    ATTRIBUTES,
    CONTEXTS,
    st.none() | CONTEXTS,
    TEXT,
    st.sampled_from(list(SpanKind)),
    st.sampled_from([Status(StatusCode.UNSET), Status(StatusCode.OK), Status(StatusCode.ERROR, "x" * 300)]),
    st.integers(0, 2**63),
)
def test_equal_to_the_stock_encoder(
    attributes: dict[str, object],
    resource: dict[str, object],
    context: SpanContext,
    parent: SpanContext | None,
    name: str,
    kind: SpanKind,
    status: Status,
    at: int,
) -> None:
    """Any span reads back equal, message by message, but for its status's description."""
    span = ReadableSpan(
        name=name,
        context=context,
        parent=parent,
        resource=Resource(resource),  # type: ignore[arg-type]
        attributes=attributes,  # type: ignore[arg-type]
        kind=kind,
        status=status,
        start_time=at,
        end_time=at + 1,
        instrumentation_scope=InstrumentationScope("otel_burn", "1"),
    )
    expected = encode_spans([span])
    expected.resource_spans[0].scope_spans[0].spans[0].status.ClearField("message")
    ours = ExportTraceServiceRequest.FromString(
        Encoder(span.resource.attributes).request(of_sdk(span), attributes)
    )
    assert ours == expected
