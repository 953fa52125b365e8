"""How do rows become an Arrow table fast? Column by column, resources and scopes once each."""

from collections.abc import Iterator
from itertools import accumulate, chain
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import xxhash

from otel_burn import names
from otel_burn_collector.batch import STRING_MAP
from otel_burn_collector.decode.values import text_attributes

StringMap = dict[str, str | None]
_WORDS = msgspec.json.Encoder(order="sorted")


class Origin(NamedTuple):
    """Where rows come from: the resource and the scope that they share."""

    resource: StringMap
    service_name: str | None
    scope_name: str | None
    scope_version: str | None
    identity: bytes
    """Equal for equal resources and scopes, whatever the order of their attributes."""


class Columns:
    """A table that grows by rows. A row is a tuple of the schema's columns up to `service_name`, and its attributes."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self._attributes: list[StringMap] = []
        self._origins: list[Origin] = []
        self._origin_of_row: list[int] = []

    def add(self, origin: Origin, row: tuple[Any, ...], attributes: StringMap) -> None:
        """Add one row; its origin's columns follow *row* where the schema has them."""
        if not self._origins or self._origins[-1] is not origin:
            self._origins.append(origin)
        self._rows.append(row)
        self._attributes.append(attributes)
        self._origin_of_row.append(len(self._origins) - 1)

    def table(self) -> pa.Table:
        """Everything added so far."""
        if not self._rows:
            return self._schema.empty_table()
        index = pa.array(self._origin_of_row, pa.int64())
        shared = {
            name: pa.array([getattr(origin, name) for origin in self._origins], pa.string()).take(index)
            for name in ("service_name", "scope_name", "scope_version")
        }
        shared["resource"] = string_maps([origin.resource for origin in self._origins]).take(index)
        shared["attributes"] = string_maps(self._attributes)
        own = [name for name in self._schema.names if name not in shared]
        arrays = shared | {
            name: pa.array(values, self._schema.field(name).type)
            for name, values in zip(own, zip(*self._rows, strict=True), strict=True)
        }
        return pa.table([arrays[name] for name in self._schema.names], schema=self._schema)


def string_maps(maps: list[StringMap]) -> pa.Array:
    """An Arrow array of string maps."""
    offsets = pa.array([0, *accumulate(len(one) for one in maps)], pa.int32())
    keys = pa.array(list(chain.from_iterable(maps)), pa.string())
    values = pa.array(list(chain.from_iterable(one.values() for one in maps)), pa.string())
    return pa.MapArray.from_arrays(offsets, keys, values).cast(STRING_MAP)


def origins(request: Any, resources: str, scopes: str) -> Iterator[tuple[Origin, Any]]:
    """Each scope of *request* with its origin."""
    for resource in getattr(request, resources):
        attributes = text_attributes(resource.resource.attributes)
        for scope in getattr(resource, scopes):
            said = scope.scope
            of_scope = said.name, said.version, text_attributes(said.attributes)
            yield (
                Origin(
                    resource=attributes,
                    service_name=attributes.get(names.SERVICE_NAME),
                    scope_name=said.name or None,
                    scope_version=said.version or None,
                    identity=_WORDS.encode((attributes, *of_scope)),
                ),
                scope,
            )


def row_id(origin: Origin, *said: object) -> str:
    """32 hex digits that are equal for equal words of equal origins, however they are ordered and encoded."""
    digest = xxhash.xxh3_128(origin.identity)
    digest.update(_WORDS.encode(said))
    return digest.hexdigest()
