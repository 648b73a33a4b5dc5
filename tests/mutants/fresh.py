"""Mutants of the tables of codes and of states, which others read when they are imported: all that is imported anew
for each."""

import os
import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

import django
import pytest

from tests.mutants.source import Mutant

# Pytest complains of plugins that were imported before it could rewrite their asserts.
QUIETLY = ["-q", "-s", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


def preload(*, apps: bool) -> None:
    """All that may be imported beforehand: what is not ours, and with `apps` all that does not know the gateway."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    for name in ("aiohttp", "django.test", "twilio.http.async_http_client", "twilio.rest"):
        import_module(name)
    if apps:
        django.setup()
        import_module("tests.factories")


def killer(mutant: Mutant, tests: list[str]) -> str:
    """What fails in this very process, which can do nothing else afterwards; "" if nothing does."""
    sys.meta_path.insert(0, _Finder(mutant))
    return "some test" if pytest.main([*QUIETLY, "-x", *tests]) else ""


class _Finder(MetaPathFinder, Loader):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.name = mutant.file.removesuffix(".py").replace("/", ".")
        assert self.name not in sys.modules, "it has been imported already"

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return spec_from_loader(fullname, self, origin=self.mutant.path)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.mutant.path
        exec(compile(self.mutant.source, self.mutant.path, "exec"), module.__dict__)  # noqa: S102
