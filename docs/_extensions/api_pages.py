"""A page for each package: all that it offers by name."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from markdown import contents, table
from public_api import MODULES, PACKAGES, anchor, example_of, has_example, names, owner
from settings_pages import HEADER, row_of

from nearsight.settings import Settings, describe


def pages() -> Mapping[str, str]:
    """Return the pages, by name."""
    texts = {name: _page(name) for name in (*PACKAGES, *MODULES)}
    texts["index"] = (
        "# Python\n\n`nearsight.workflows` has a verb for each question; other packages have the "
        "steps. What is not listed here may change without notice.\n\n"
        + contents([*PACKAGES, *MODULES])
    )
    return texts


def _page(name: str) -> str:
    module = import_module(f"nearsight.{name}")
    blocks = [_entry(name, each, getattr(module, each)) for each in names(module)]
    return (
        f"# nearsight.{name}\n\n```{{eval-rst}}\n.. automodule:: nearsight.{name}\n"
        f"   :no-members:\n```\n\n" + "\n".join(blocks)
    )


def _entry(package: str, name: str, value: Any) -> str:
    """Return what describes a name, or where that is: several packages may offer the same."""
    page = owner(value)
    if page not in {None, package}:
        return f"## {name}\n\nThat of {_link(page, name, f'nearsight.{page}')}.\n"
    kind = "data"
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
    elif callable(value):
        kind = "function"
    whole = f"nearsight.{package}.{name}"
    is_settings = inspect.isclass(value) and issubclass(value, Settings)
    signature = _signature(value) if is_settings else ""
    entry = f"## {name}\n\n```{{eval-rst}}\n.. auto{kind}:: {whole}{signature}\n```\n"
    if is_settings:
        rows = [row_of(each) for each in describe(value) if each.group is None]
        entry += f"\n{table(HEADER, rows)}" if rows else ""
    elsewhere = None if kind != "class" or has_example(value) else example_of(package, value)
    if elsewhere is not None:
        entry += f"\nAn example is that of {_link(*elsewhere, '.'.join(elsewhere))}.\n"
    return entry


def _signature(kind: type[Settings]) -> str:
    """Return how settings are written, without what is said of each in its annotation."""
    groups = {each.name: each.group for each in describe(kind) if each.group is not None}
    signature = inspect.signature(kind)
    parameters = [
        each.replace(
            annotation=inspect.Parameter.empty,
            default=_Written(f"{groups[each.name].__name__}()")
            if each.name in groups
            else each.default,
        )
        for each in signature.parameters.values()
    ]
    plain = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    return str(plain)


class _Written:
    """A value that is written in a signature as it is here."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _link(page: str, name: str, text: str) -> str:
    return f"[{text}]({page}.md#{anchor(page, name)})"
