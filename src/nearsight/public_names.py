"""Public names of a package, each imported when somebody first asks for it.

A package imports its names under ``if TYPE_CHECKING:``, where type checkers and editors see them,
and calls `import_at_first_use`. That list is the only one: it is read here, in place of being run.

PEP 562 alone does not do: a package has verbs that are called as the file they are in (`relax`,
`hessian`, `locality`), and Python binds a file to its package whenever somebody imports from it.
``from nearsight.relaxation import relax`` would then be the verb or the file, depending on what was
imported before. Hence the class of the package, which keeps files off the public names.
"""

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it brings archives and temporary files, and `--help` is to be quick
    from importlib.abc import InspectLoader


def import_at_first_use(package: str) -> None:
    """Let a package, which is just being imported, offer its public names.

    Parameters
    ----------
    package
        Its ``__name__``.
    """
    module = sys.modules[package]
    files = dict(_imports_for_type_checkers(_source(module)))

    class Package(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name not in files:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            value = getattr(import_module(files[name]), name)
            setattr(self, name, value)
            return value

        def __setattr__(self, name: str, value: Any) -> None:
            if not (name in files and isinstance(value, ModuleType)):
                super().__setattr__(name, value)

        def __dir__(self) -> list[str]:
            return sorted({*super().__dir__(), *files})

    module.__class__ = Package


def _source(module: ModuleType) -> str:
    """Return the text of a module, which may be in an archive."""
    spec = module.__spec__
    assert spec is not None
    loader: InspectLoader = spec.loader  # type: ignore[assignment]  # any that reads Python has it
    source = loader.get_source(spec.name)
    assert source is not None
    return source


def _imports_for_type_checkers(source: str) -> Iterator[tuple[str, str]]:
    """Yield each name that is imported for type checkers, and the module that has it."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            for imported in statement.body:
                assert isinstance(imported, ast.ImportFrom)
                assert imported.module is not None
                for alias in imported.names:
                    yield alias.name, imported.module
