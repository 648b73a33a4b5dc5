"""How well colours can be told apart, as WCAG 2.2 measures it, and the colour roles of a stylesheet."""

import re


def roles(css: str) -> dict[str, tuple[str, str]]:
    """Each custom property that is one colour, with its "#rrggbb" in the light and in the dark theme."""
    found = {}
    for name, value in re.findall(r"--([a-z-]+): (light-dark\([^;]+\)|#[0-9a-f]{6});", css):
        colours = re.findall(r"#[0-9a-f]{6}", value)
        if colours:
            found[name] = (colours[0], colours[-1])
    return found


def ratio(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black and white), of two colours "#rrggbb"."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
