"""HTML from Python, escaped unless it already is HTML."""

from html import escape


class Markup(str):
    """Text that is HTML already. Everything else is escaped on its way into an element."""

    __slots__ = ()


_VOID = frozenset({"input", "link", "meta", "br"})


def el(tag: str, *children: str | None, **attributes: str | bool | None) -> Markup:
    """An element. An attribute that is True stands alone, one that is None or False is left out.

    A trailing underscore is dropped and other underscores become hyphens: `class_`, `for_`, `aria_label`.
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: str | None) -> Markup:
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(child) for child in children if child)
    )


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    plain = name.rstrip("_").replace("_", "-")
    return f" {plain}" if value is True else f' {plain}="{escape(value)}"'
