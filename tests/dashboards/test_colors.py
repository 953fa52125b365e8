"""Can everybody tell the colours from what is behind them? Contrast as WCAG 2 computes it."""

import pytest

from otel_burn_dashboards import colors

THEMES = {"light": colors.LIGHT, "dark": colors.DARK}
GRAPHICS = {
    **{f"kind {name}": color for name, color in colors.INPUT.items()},
    **{f"tokens {name}": color for name, color in colors.TOKENS.items()},
    **{f"tier {name}": color for name, color in colors.TIERS.items()},
    **{f"turn {name}": color for name, color in colors.TURNS.items()},
    **{f"span {name}": color for name, color in colors.SPANS.items()},
    **{f"change {name}": color for name, color in colors.CHANGES.items()},
    **{f"series {place}": color for place, color in enumerate(colors.SERIES)},
    "other": colors.OTHER,
}


def luminance(color: str) -> float:
    """How light a colour is, from 0 to 1."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 for the same to 21 for black and white."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def tint(color: str, behind: str, share: float) -> str:
    """A colour that lets through what is behind it."""
    ends = ((int(color[at : at + 2], 16), int(behind[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(front * share + back * (1 - share)):02x}" for front, back in ends)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read(theme: str) -> None:
    """Text, captions, links, and what is chosen on its own tint: 4.5 to 1 or more."""
    said = THEMES[theme]
    paper = said["backgroundColor"]
    caption = tint(said["textColor"], paper, 0.62)
    chosen = tint(said["primaryColor"], paper, 0.1)
    assert contrast(said["textColor"], said["secondaryBackgroundColor"]) >= 4.5
    assert contrast(caption, paper) >= 4.5
    assert contrast(said["linkColor"], paper) >= 4.5
    assert contrast(said["primaryColor"], chosen) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_drawn_can_be_seen(theme: str) -> None:
    """Bars, blocks and spans against the page: 3 to 1 or more, in both themes with the same colours."""
    paper = THEMES[theme]["backgroundColor"]
    assert {name: color for name, color in GRAPHICS.items() if contrast(color, paper) < 3} == {}
