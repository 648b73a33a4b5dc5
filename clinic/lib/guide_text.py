"""The little Markdown that the staff's guide is written in, as HTML.

Known are headings, paragraphs, lists of one level, images on a line of their own, **bold**, *emphasis*, `code` and
[links](to).
Anything else stands on the page as it was typed; tests/clinic/test_guide.py sees that the guide holds nothing else.
"""

import re
from collections.abc import Callable
from html import escape

Address = Callable[[str], str]


def title_of(text: str) -> str:
    """The heading in the first line."""
    return text.partition("\n")[0].removeprefix("# ").strip()


def as_html(text: str, address: Address) -> str:
    """What stands below the first line. `address` makes of a link's or an image's target what browsers ask for."""
    blocks = re.split(r"\n\s*\n", text.partition("\n")[2].strip())
    return "\n".join(_block(block.strip(), address) for block in blocks)


def anchor(heading: str) -> str:
    """How others link to a heading, as code hosts make it: "What is left?" is #what-is-left."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _block(block: str, address: Address) -> str:
    if heading := re.fullmatch(r"(##+) (.+)", block):
        level = len(heading[1])
        return f'<h{level} id="{anchor(heading[2])}">{_line(heading[2], address)}</h{level}>'
    if image := re.fullmatch(r"!\[(.*)\]\((\S+)\)", block):
        return f'<p><img src="{escape(address(image[2]))}" alt="{escape(image[1])}" loading="lazy"></p>'
    for mark, element in ((r"- ", "ul"), (r"\d+\. ", "ol")):
        if re.match(mark, block):
            items = re.split(rf"^{mark}", block, flags=re.MULTILINE)[1:]
            inner = "".join(f"<li>{_line(item, address)}</li>" for item in items)
            return f"<{element}>{inner}</{element}>"
    return f"<p>{_line(block, address)}</p>"


def _line(text: str, address: Address) -> str:
    html = escape(" ".join(text.split()), quote=False)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", html)
    html = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", html)
    return re.sub(
        r"\[([^\]]+)\]\(([^)\s]+)\)", lambda m: f'<a href="{escape(address(m[2]))}">{m[1]}</a>', html
    )
