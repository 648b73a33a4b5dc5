"""Finds words in a module that a person reads on a page and no translator would see. Reads its syntax tree."""

import ast
import re
from collections.abc import Iterator

from tests.words.templates import LETTER, NAMES, Bare

GETTEXT = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
# What is read by those who look after the server, or by nobody: never translated.
LOGS = {"logger", "log", "logging"}
NOT_FOR_PAGES = {"compile", "execute", "add_argument", "mark_safe", "format_html", "RunSQL"}
FOR_PROGRAMMERS = {
    "ValueError",
    "TypeError",
    "RuntimeError",
    "LookupError",
    "KeyError",
    "AssertionError",
    "ImproperlyConfigured",
}

SHOWN = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "short_description"}
HEADER = re.compile(r"<|[a-z]+/[a-z]+; charset=|attachment; filename=")  # markup, and what a download is
SENTENCE = re.compile(r"[^\W\d_]{2,}[,;:.]? [^\W\d_]|[^\W\d_]{2,}[.?!…]$")


def bare_words(source: str) -> list[Bare]:
    """Return the words of a module that stand outside gettext, in order.

    Two nets: whatever is given to a place that shows it (a label, a message, an error of a form, a choice), and
    whatever looks like a sentence, wherever it stands. Left aside are docstrings, logs, patterns, SQL, `__str__` and
    exceptions that a programmer reads.
    """
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = {}
    for node in ast.walk(tree):
        words = _text(node)
        if not LETTER.search(words) or words in NAMES or HEADER.match(words) or _is_left_aside(node, parents):
            continue
        if SENTENCE.search(words) or _is_shown(node, parents):
            found[node] = Bare(node.lineno, " ".join(words.split()))  # type: ignore[attr-defined]
    return sorted(bare for node, bare in found.items() if parents.get(node) not in found)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def _is_left_aside(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    return any(_leaves_aside(parent, child) for child, parent in _upwards(node, parents))


def _upwards(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    while node in parents:
        yield node, parents[node]
        node = parents[node]


def _leaves_aside(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in LOGS:
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in GETTEXT | NOT_FOR_PAGES | FOR_PROGRAMMERS
        case ast.FunctionDef(name="__str__" | "__repr__"):
            return True
        case ast.Assert(msg=message):
            return message is child
        case ast.Subscript(slice=index):
            return index is child
        case ast.FormattedValue(format_spec=spec):
            return spec is child
    return False


def _is_shown(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents.get(node)
    while isinstance(parent, ast.IfExp | ast.Dict):
        node, parent = parent, parents.get(parent)
    match parent:
        case ast.keyword(arg=name):
            return name in SHOWN or name == "error_messages"
        case ast.Call(
            func=ast.Name(id="ValidationError") | ast.Attribute(attr="ValidationError"), args=[first, *_]
        ):
            return first is node
        case ast.Call(func=ast.Attribute(value=ast.Name(id="messages")), args=[_, said, *_]):
            return said is node
        case ast.Call(func=ast.Attribute(attr="add_error"), args=[_, said, *_]):
            return said is node
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in SHOWN
        case ast.Call(func=ast.Attribute(value=ast.Name(id="models"), attr=name), args=[first, *_]):
            return first is node and name.endswith("Field") and not name.startswith(("ManyTo", "OneTo"))
        case ast.Tuple(elts=[_, label]) if label is node:
            return _is_choice(parent, parents)
    return False


def _is_choice(pair: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    holder = parents.get(pair)
    if isinstance(holder, ast.List):  # [("active", "Active"), …]
        return True
    owner = parents.get(holder) if holder else None
    return isinstance(owner, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in owner.bases)
