"""What can be imported from where, and what that costs."""

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

PACKAGES = (
    "nearsight.structures",
    "nearsight.structures.cif",
    "nearsight.models",
    "nearsight.models.worker",
    "nearsight.models.environments",
    "nearsight.hessian",
    "nearsight.hessian.files",
    "nearsight.relaxation",
    "nearsight.vibrations",
    "nearsight.locality",
    "nearsight.elasticity",
    "nearsight.dynamics.analysis",
    "nearsight.lammps",
    "nearsight.testing",
    "nearsight.records",
    "nearsight.execution",
    "nearsight.workflows",
    "nearsight.evaluation",
    "nearsight.evaluation.diatomics",
    "nearsight.evaluation.exactness",
    "nearsight.campaigns",
    "nearsight.reports",
    "nearsight.reports.campaigns",
    "nearsight.reports.examinations",
)
FRAMEWORKS = {"torch", "jax", "phonopy", "matplotlib"}
HEAVY = FRAMEWORKS | {"numpy", "scipy", "spglib", "ase", "gemmi", "networkx", "rich", "jinja2"}
ROOT = Path(__file__).parent.parent


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def imported_by(statements: Iterable[str], unwanted: set[str]) -> str:
    """Return which modules statements import of those unwanted, behind the first that does.

    All in one process: what one of them imports alone it imports there, too.
    """
    lines = [f"import sys\nunwanted = {sorted(unwanted)}\ntold = set()"]
    for statement in statements:
        lines += [
            f"exec({statement!r}, {{}})",
            "found = set(sys.modules).intersection(unwanted) - told",
            f"found and print({statement!r}, *sorted(found))",
            "told |= found",
        ]
    return in_a_new_process("\n".join(lines))


@pytest.mark.parametrize("name", PACKAGES)
def test_package_has_what_it_offers_and_nothing_else(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__all__
    assert set(package.__all__) <= set(dir(package))
    for offered in package.__all__:
        assert not isinstance(getattr(package, offered), ModuleType)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'no_such_name'"):
        _ = package.no_such_name
    with pytest.raises(ImportError, match="no_such_name"):
        exec(f"from {name} import no_such_name")


def test_packages_and_settings_import_nothing_before_they_are_asked() -> None:
    settings = (
        "nearsight.models.spec",
        "nearsight.hessian.settings",
        "nearsight.vibrations.settings",
        "nearsight.workflows.settings",
        "nearsight.workflows.adsorption_settings",
        "nearsight.workflows.potential_settings",
        "nearsight.evaluation.discovery",
        "nearsight.evaluation.settings",
        "nearsight.resources",
    )
    names = (*PACKAGES, "nearsight.derivatives", *settings)
    assert imported_by((f"import {name}" for name in names), HEAVY) == ""
    assert imported_by(["import numpy", "import ase"], {"numpy", "ase"}) == (
        "import numpy numpy\nimport ase ase"
    )


def test_no_offered_name_imports_a_framework() -> None:
    assert imported_by((f"from {name} import *" for name in PACKAGES), FRAMEWORKS) == ""


def test_name_of_a_verb_is_the_verb_whatever_was_imported_before() -> None:
    """Also the file of that name, which import puts in its place."""
    code, n_shared = "", 0
    for name in PACKAGES:
        package = importlib.import_module(name)
        shared = [
            offered
            for offered in package.__all__
            if (Path(package.__path__[0]) / f"{offered}.py").exists()
        ]
        n_shared += len(shared)
        code += "".join(f"import {name}.{file}\n" for file in shared)
        code += f"import {name} as package\n"
        code += f"print(*(type(getattr(package, name)).__name__ for name in {shared}))\n"
    assert n_shared > 5
    assert in_a_new_process(code).split() == ["function"] * n_shared


def test_no_file_imports_a_framework_that_models_do_not_need() -> None:
    own = {"models", "derivatives"}  # whose files are imported when a model of theirs is loaded
    modules = [
        ".".join(file.relative_to(ROOT / "src").with_suffix("").parts)
        for file in sorted((ROOT / "src" / "nearsight").rglob("*.py"))
        if file.relative_to(ROOT / "src" / "nearsight").parts[0] not in own
        and file.name != "__main__.py"
    ]
    assert len(modules) > 150
    imports = "\n".join(f"import {module}" for module in modules)
    code = f"{imports}\nimport sys; print(*sorted(set(sys.modules) & set({sorted(FRAMEWORKS)})))"
    assert in_a_new_process(code) == ""


def test_some_verbs_are_called_as_their_file_is() -> None:
    import nearsight.relaxation.relax
    from nearsight.relaxation import relax

    assert nearsight.relaxation.relax is relax
    assert sys.modules["nearsight.relaxation.relax"].relax is relax


def promised() -> list[str]:
    """Return what the changelog says that one has in Python."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sentences = re.findall(r"In\s+Python:((?:[^.]|\.\w)*)\.", text)
    assert len(sentences) >= 4
    return [name for each in sentences for name in re.findall(r"`(\w+)`", each)]


@pytest.mark.parametrize("name", promised())
def test_what_the_changelog_promises_can_be_imported(name: str) -> None:
    assert any(name in importlib.import_module(package).__all__ for package in PACKAGES)


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("structures", "find_groups cut_fragment shrinking_fragments covering_fragments"),
        ("structures", "extend_fragment read_structure whole_molecule find_pieces"),
        ("models", "load_model ModelCalculator AseModel Capabilities Model TorchEnergy"),
        ("hessian", "hessian force_constants read_hessian read_phonopy write_phonopy"),
        ("relaxation", "relax Relaxation"),
        ("vibrations", "relax_to_minimum thermodynamics phonon_mesh probe_heat_capacity"),
        ("testing", "check_model"),
    ],
)
def test_documented_names_are_in_the_package_that_documentation_says(
    package: str, names: str
) -> None:
    assert set(names.split()) <= set(importlib.import_module(f"nearsight.{package}").__all__)


def documented() -> list[str]:
    """Return all packages that offer names, whether or not they are of `PACKAGES`."""
    found = [
        ".".join(file.parent.relative_to(ROOT / "src").parts)
        for file in sorted((ROOT / "src" / "nearsight").rglob("__init__.py"))
        if "import_at_first_use(__name__)" in file.read_text(encoding="utf-8")
    ]
    assert set(PACKAGES) <= set(found)
    return found


@pytest.mark.parametrize("package", documented())
def test_docstrings_say_what_each_name_is_and_what_each_parameter_means(package: str) -> None:
    for name in importlib.import_module(package).__all__:
        offered = getattr(importlib.import_module(package), name)
        if not inspect.isroutine(offered) and not inspect.isclass(offered):
            continue  # constants have theirs below them, where no program sees it
        assert inspect.getdoc(offered), name
        if inspect.isroutine(offered) and inspect.signature(offered).parameters:
            section = (offered.__doc__ or "").partition("    Parameters\n    ----------\n")[2]
            told = re.findall(r"^    (\S.*)$", section.partition("\n\n    ")[0], re.MULTILINE)
            names = {each.strip(" *") for line in told for each in line.split(":")[0].split(",")}
            assert set(inspect.signature(offered).parameters) <= names, name
