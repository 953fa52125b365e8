"""Which data points does an ExportMetricsServiceRequest say?"""

from collections.abc import Callable
from typing import Any, NamedTuple

from otel_burn_collector.decode.columns import Columns, Origin, origins, row_id
from otel_burn_collector.decode.values import json_text, number, text_attributes, time_or_none

_TEMPORALITIES = (None, "delta", "cumulative")


class _Measured(NamedTuple):
    """What a data point says, whatever its type: the columns `value`, `count`, `sum` and `detail`."""

    value: float | None = None
    how_many: int | None = None
    total: float | None = None
    detail: str | None = None


def add_metrics(columns: Columns, request: Any, received_at: int) -> None:
    """Add every data point of *request*, of every type."""
    for origin, scope in origins(request, "resource_metrics", "scope_metrics"):
        for metric in scope.metrics:
            kind = metric.WhichOneof("data")
            if kind in _MEASURED:
                _add_points(columns, origin, metric, kind, received_at)


def _add_points(columns: Columns, origin: Origin, metric: Any, kind: str, received_at: int) -> None:
    data = getattr(metric, kind)
    measured = _MEASURED[kind]
    temporality = _temporality(getattr(data, "aggregation_temporality", 0))
    monotonic = data.is_monotonic if kind == "sum" else None
    series = metric.name, metric.unit or None, kind, temporality, monotonic
    for point in data.data_points:
        attributes = text_attributes(point.attributes)
        began, at = time_or_none(point.start_time_unix_nano), time_or_none(point.time_unix_nano)
        found = measured(point)
        key = row_id(origin, series, began, at, found, attributes)
        columns.add(origin, (key, *series, began, at or received_at, *found), attributes)


def _temporality(number: int) -> str | None:
    return _TEMPORALITIES[number] if 0 <= number < len(_TEMPORALITIES) else None


def _number(point: Any) -> _Measured:
    member = point.WhichOneof("value")
    return _Measured(value=float(getattr(point, member)) if member else None)


def _histogram(point: Any) -> _Measured:
    detail = {
        "bounds": [number(bound) for bound in point.explicit_bounds],
        "counts": list(point.bucket_counts),
        **_extremes(point),
    }
    return _Measured(how_many=_count(point), total=_sum(point), detail=json_text(detail))


def _exponential(point: Any) -> _Measured:
    detail = {
        "scale": point.scale,
        "zero_count": point.zero_count,
        "zero_threshold": number(point.zero_threshold),
        "positive": {"offset": point.positive.offset, "counts": list(point.positive.bucket_counts)},
        "negative": {"offset": point.negative.offset, "counts": list(point.negative.bucket_counts)},
        **_extremes(point),
    }
    return _Measured(how_many=_count(point), total=_sum(point), detail=json_text(detail))


def _summary(point: Any) -> _Measured:
    quantiles = [{"quantile": one.quantile, "value": number(one.value)} for one in point.quantile_values]
    return _Measured(how_many=_count(point), total=point.sum, detail=json_text({"quantiles": quantiles}))


def _extremes(point: Any) -> dict[str, float | str]:
    return {name: number(getattr(point, name)) for name in ("min", "max") if point.HasField(name)}


def _count(point: Any) -> int:
    return min(int(point.count), 2**63 - 1)


def _sum(point: Any) -> float | None:
    return float(point.sum) if point.HasField("sum") else None


_MEASURED: dict[str, Callable[[Any], _Measured]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}
