"""Which data points does an ExportMetricsServiceRequest say?"""

from collections.abc import Callable
from typing import Any, NamedTuple

from otel_burn_collector.decode.columns import Columns, Origin, origins, row_id
from otel_burn_collector.decode.values import json_text, number, text_attributes, time_or_none

_TEMPORALITIES = (None, "delta", "cumulative")


class _Numbers(NamedTuple):
    """What a data point measures, whatever its type."""

    value: float | None = None
    count: int | None = None
    sum: float | None = None
    detail: str | None = None


def add_metrics(columns: Columns, request: Any, received_at: int) -> None:  # noqa: ANN401 - protobuf
    """Add every data point of *request*, of every type."""
    for origin, scope in origins(request, "resource_metrics", "scope_metrics"):
        for metric in scope.metrics:
            kind = metric.WhichOneof("data")
            if kind in _NUMBERS:
                _add_points(columns, origin, metric, kind, received_at)


def _add_points(columns: Columns, origin: Origin, metric: Any, kind: str, received_at: int) -> None:  # noqa: ANN401
    data = getattr(metric, kind)
    numbers = _NUMBERS[kind]
    identity = f"{metric.name}\0{metric.unit}\0{kind}".encode()
    temporality = _temporality(getattr(data, "aggregation_temporality", 0))
    monotonic = data.is_monotonic if kind == "sum" else None
    for point in data.data_points:
        measured = numbers(point)
        row = (
            row_id(origin.identity, identity, point.SerializeToString(deterministic=True)),
            metric.name,
            metric.unit or None,
            kind,
            temporality,
            monotonic,
            time_or_none(point.start_time_unix_nano),
            time_or_none(point.time_unix_nano) or received_at,
            *measured,
        )
        columns.add(origin, row, text_attributes(point.attributes))


def _temporality(number: int) -> str | None:
    return _TEMPORALITIES[number] if 0 <= number < len(_TEMPORALITIES) else None


def _number(point: Any) -> _Numbers:  # noqa: ANN401
    member = point.WhichOneof("value")
    return _Numbers(value=float(getattr(point, member)) if member else None)


def _histogram(point: Any) -> _Numbers:  # noqa: ANN401
    detail = {
        "bounds": [number(bound) for bound in point.explicit_bounds],
        "counts": list(point.bucket_counts),
        **_extremes(point),
    }
    return _Numbers(count=_count(point), sum=_sum(point), detail=json_text(detail))


def _exponential(point: Any) -> _Numbers:  # noqa: ANN401
    detail = {
        "scale": point.scale,
        "zero_count": point.zero_count,
        "zero_threshold": number(point.zero_threshold),
        "positive": {"offset": point.positive.offset, "counts": list(point.positive.bucket_counts)},
        "negative": {"offset": point.negative.offset, "counts": list(point.negative.bucket_counts)},
        **_extremes(point),
    }
    return _Numbers(count=_count(point), sum=_sum(point), detail=json_text(detail))


def _summary(point: Any) -> _Numbers:  # noqa: ANN401
    quantiles = [{"quantile": one.quantile, "value": number(one.value)} for one in point.quantile_values]
    return _Numbers(count=_count(point), sum=point.sum, detail=json_text({"quantiles": quantiles}))


def _extremes(point: Any) -> dict[str, float | str]:  # noqa: ANN401
    return {name: number(getattr(point, name)) for name in ("min", "max") if point.HasField(name)}


def _count(point: Any) -> int:  # noqa: ANN401
    return min(int(point.count), 2**63 - 1)


def _sum(point: Any) -> float | None:  # noqa: ANN401
    return float(point.sum) if point.HasField("sum") else None


_NUMBERS: dict[str, Callable[[Any], _Numbers]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}
