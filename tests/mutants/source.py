"""A mutant as it is written down, and what it changes: the code of some functions, or what happens on import."""

import ast
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import CodeType, FunctionType

ROOT = Path(__file__).resolve().parents[2]
Functions = dict[tuple[str, str], list[FunctionType]]
OPTIMIZED = 0x1  # Set for functions, not for the bodies of modules and classes.


@dataclass(frozen=True, slots=True)
class Mutant:
    """`file` with the characters from `start` to `end`, which `was`, replaced by `text`.

    `first` to `last` are the lines of the statement.
    """

    file: str
    start: int
    end: int
    text: str
    first: int
    last: int
    was: str

    @property
    def key(self) -> str:
        return f"{self.file}:{self.first} @{self.start}-{self.end} {self.was!r} -> {self.text!r}"

    @property
    def path(self) -> str:
        return str(ROOT / self.file)

    @property
    def source(self) -> str:
        whole = Path(self.path).read_text()
        assert whole[self.start : self.end] == self.was, "the file has changed since its mutants were made"
        return whole[: self.start] + self.text + whole[self.end :]

    def functions(self) -> dict[str, CodeType]:
        """Qualified names of the functions that differ, with their new code; none if the import itself differs."""
        return dict(_different(_compiled(self.path), compile(self.source, self.path, "exec")) or ())

    def put_in_place(self, functions: Functions) -> None:
        """Make this process run it: for good, so in a fork."""
        changed = self.functions()
        for name, code in changed.items():
            for function in functions[self.path, name]:
                function.__code__ = code
        if not changed:
            _import_again(self)


def functions_of(paths: set[str]) -> Functions:
    """Every function of these files that there is in this process, by path and qualified name."""
    found: Functions = {}
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename in paths:
            place = (thing.__code__.co_filename, thing.__code__.co_qualname)
            found.setdefault(place, []).append(thing)
    return found


def memories_of(paths: set[str]) -> list[Callable[[], None]]:
    """What these files do once and then remember, each as a call that makes them forget it."""
    from clinic.compiled import Compiled

    found: list[Callable[[], None]] = []
    for thing in gc.get_objects():
        if isinstance(thing, type(_compiled)) and thing.__wrapped__.__code__.co_filename in paths:
            found.append(thing.cache_clear)
        elif isinstance(thing, Compiled) and thing._build.__code__.co_filename in paths:
            found.append(partial(setattr, thing, "_sql", ""))
    return found


def _import_again(mutant: Mutant) -> None:
    """Run the statements of the module that differ, and the assignments that follow; whoever has imported a name of
    it has the new value."""
    module = sys.modules[mutant.file.removesuffix(".py").replace("/", ".")]
    before = dict(vars(module))
    as_it_was = {ast.dump(statement) for statement in ast.parse(Path(mutant.path).read_text()).body}
    differs = False
    for statement in ast.parse(mutant.source).body:
        is_new = ast.dump(statement) not in as_it_was
        differs = differs or is_new
        if is_new or (differs and isinstance(statement, ast.Assign | ast.AnnAssign)):
            exec(compile(ast.Module([statement], []), mutant.path, "exec"), vars(module))  # noqa: S102
    changed = {
        name: (old, vars(module)[name]) for name, old in before.items() if vars(module)[name] is not old
    }
    for other in list(sys.modules.values()):
        for name, (old, new) in changed.items():
            if getattr(other, "__dict__", {}).get(name) is old:
                setattr(other, name, new)


@cache
def _compiled(path: str) -> CodeType:
    return compile(Path(path).read_text(), path, "exec")


def _different(old: CodeType, new: CodeType) -> list[tuple[str, CodeType]] | None:
    if _own(old) != _own(new):
        return None
    found: list[tuple[str, CodeType]] = []
    for one, other in zip(_inner(old), _inner(new), strict=True):
        if _same(one, other):
            continue
        is_function = one.co_flags & OPTIMIZED
        if one.co_name.startswith("<") or (is_function and one.co_freevars != other.co_freevars):
            return None
        if is_function:
            found.append((one.co_qualname, other))
        elif (deeper := _different(one, other)) is None:
            return None
        else:
            found += deeper
    return found


def _same(old: CodeType, new: CodeType) -> bool:
    return _own(old) == _own(new) and all(map(_same, _inner(old), _inner(new)))


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (const for const in code.co_consts if isinstance(const, CodeType))


def _own(code: CodeType) -> tuple[object, ...]:
    """All of a code object but its lines and what lies within it."""
    consts = [repr(const) for const in code.co_consts if not isinstance(const, CodeType)]
    number = len(list(_inner(code)))
    shape = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags, number)
    return (code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, shape)
