"""How does a loop look? A graph of which tool call follows which, for ECharts."""

from collections import Counter
from itertools import pairwise
from typing import Any

import polars as pl

from otel_burn_dashboards import colors

SHOWN = 12
"""Nodes; the rest are one."""


def graph(pattern: pl.DataFrame) -> dict[str, Any]:
    """The steps from each tool to the next one, thicker the more often; failed tools in the colour of errors."""
    rows = pattern.select(pl.col("tool_name").fill_null("unnamed tool"), "error_class").rows()
    counted = Counter(name for name, _ in rows)
    kept = {name for name, _ in counted.most_common(SHOWN)}
    names = [name if name in kept else "others" for name, _ in rows]
    failed = {name if name in kept else "others" for name, error in rows if error}
    steps = Counter(pairwise(names))
    most = max(steps.values(), default=1)
    return {
        "tooltip": {},
        "series": [
            {
                "type": "graph",
                "layout": "circular",
                "circular": {"rotateLabel": False},
                "label": {"show": True, "position": "right"},
                "edgeSymbol": ["none", "arrow"],
                "edgeLabel": {"show": True, "formatter": "{c}"},
                "lineStyle": {"curveness": 0.25, "color": colors.OTHER},
                "data": [
                    {"name": name, "value": times, "symbolSize": 18 + 22 * times / max(Counter(names).values()),
                     "itemStyle": {"color": colors.ERROR if name in failed else colors.SPANS["tool"]}}
                    for name, times in Counter(names).items()
                ],
                "links": [
                    {"source": source, "target": target, "value": times, "lineStyle": {"width": 1 + 4 * times / most}}
                    for (source, target), times in steps.items()
                ],
            }
        ],
    }  # fmt: skip
