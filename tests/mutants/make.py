"""Writes mutants of the named files: small changes, each of which a test should notice.

Runs where mutmut is installed, away from the project's own packages: `docs/reliability.md` says how. The changes are
mutmut's, and three of our own: a statement that only calls something is left out, and the condition of an `if` is
always or never true. Words for people and for the log stay as they are, and so do annotations and decorators.
"""

import ast
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from tests.mutants import plan
from tests.mutants.source import Mutant

LOGGERS = {"logger", "logging"}
NOT_MUTATED = {"len", "isinstance", "TypeVar", "_"}
# What only narrows types, or exists for the reader.
LEFT_ALONE = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Assert)


def mutants_of(path: Path) -> Iterator[Mutant]:
    wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
    visitor = _Visitor(wrapper)
    wrapper.module.visit(visitor)
    source = wrapper.module.code
    seen = set()
    for old, new, first, last in visitor.found:
        changed = wrapper.module.deep_replace(old, new).code
        if changed in seen or changed == source or not _compiles(changed):
            continue
        seen.add(changed)
        start, end, text = _difference(source, changed)
        was = source[start:end]
        yield Mutant(str(path), start, end, text, first, last, was)


class _Visitor(cst.CSTVisitor):
    """Finds pairs of nodes, old and new, with the lines of the statement that they are in."""

    def __init__(self, wrapper: MetadataWrapper) -> None:
        self.places = wrapper.resolve(PositionProvider)
        self.statements: list[cst.CSTNode] = []
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, int, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, LEFT_ALONE) or _is_for_the_reader(node) or _is_call_of(node, NOT_MUTATED):
            return False
        if isinstance(node, cst.SimpleStatementLine):
            self.statements.append(node)
        for new in _changes(node):
            spans = [self.places[each] for each in (node, *self.statements[-1:])]
            self.found.append((node, new, min(s.start.line for s in spans), max(s.end.line for s in spans)))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.SimpleStatementLine):
            self.statements.pop()


def _changes(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    if isinstance(node, cst.SimpleString) and _is_for_people(node):
        return
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from operator(node)
    match node:
        case cst.Expr(value=cst.Call()):
            yield cst.Pass()
        case cst.If():
            for word in ("True", "False"):
                yield node.with_changes(test=cst.Name(word), whitespace_before_test=cst.SimpleWhitespace(" "))


def _is_for_people(node: cst.SimpleString) -> bool:
    value = ast.literal_eval(node.value)
    return isinstance(value, str) and (" " in value or value.istitle())


def _is_for_the_reader(node: cst.CSTNode) -> bool:
    match node:
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Name(value=name)))):
            return name in LOGGERS
        case cst.Assign(value=cst.Subscript(value=cst.Name(value="Callable"))):
            return True  # The name of a type.
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name in LOGGERS | {"__all__"}
    return False


def _is_call_of(node: cst.CSTNode, names: set[str]) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in names


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _difference(old: str, new: str) -> tuple[int, int, str]:
    """Where the two begin and end to differ, and what stands there in the new one; whole words, to be read."""
    most = min(len(old), len(new))
    start = next((i for i in range(most) if old[i] != new[i]), most)
    same = next((i for i in range(most - start) if old[-1 - i] != new[-1 - i]), most - start)
    while start and (old[start - 1].isalnum() or old[start - 1] in "_.\"'"):
        start -= 1
    while same and (old[-same].isalnum() or old[-same] in "_.\"'"):
        same -= 1
    return start, len(old) - same, new[start : len(new) - same]


if __name__ == "__main__":
    for name in sys.argv[1:] or plan.FILES:
        for mutant in mutants_of(Path(name)):
            sys.stdout.write(json.dumps(asdict(mutant)) + "\n")
