"""A family of another package is used by name; one that is broken is listed, and hurts nobody."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from ase import Atoms

from nearsight.cli.main import main
from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.families import FAMILIES, MODELS, family_named, third_parties
from nearsight.models.registry import load_model
from nearsight.models.versions import versions_behind
from nearsight.provenance import installed_versions
from nearsight.testing import check_model

FAMILY = dedent(
    """
    from nearsight.models.family import Family
    from nearsight.models.named_model import NamedModel

    FAMILY = Family(
        name="{name}",
        requires="numpy",
        target="stiffness in eV/Å²",
        licence="MIT",
        steps=(),
        size_MB=0,
        framework="none",
        device="cpu",
        own_precision=True,
        no_choice="springs have double precision on the CPU",
        target_is_path=False,
        recorded=("{package}",),
        loader="{module}.load",
    )

    MODELS = (
        NamedModel(
            name="{name}-2",
            family="{name}",
            training_data="none",
            level_of_theory="springs",
            licence="MIT",
            citation="doi 10.0/0",
        ),
    )
    """
)

LOAD = dedent(
    """
    from ase.calculators.lj import LennardJones

    from nearsight.models.engines.ase_model import AseModel
    from nearsight.models.families import stated


    def load(request):
        depth = 2.0 if request.target == request.name else float(request.target)
        return AseModel(
            LennardJones(sigma=1.5, epsilon=depth / 100, rc=6.0, smooth=True),
            request.name,
            facts=stated(request.name),
            family="{name}",
        )
    """
)


Package = Callable[..., Path]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Put packages with a family beside this Python, as pip does with a wheel."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    third_parties.cache_clear()

    def write(
        name: str, family: str = FAMILY, load: str = LOAD, *, called: str | None = None
    ) -> Path:
        module = f"{called or name}_models"
        distribution = f"{called or name}-models"
        (folder / module).mkdir()
        facts = {"name": name, "module": module, "package": distribution}
        (folder / module / "__init__.py").write_text(family.format(**facts))
        (folder / module / "load.py").write_text(load.format(**facts))
        record = folder / f"{module}-1.5.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n"
        )
        (record / "entry_points.txt").write_text(f"[nearsight.families]\n{name} = {module}\n")
        third_parties.cache_clear()
        return folder

    yield write
    third_parties.cache_clear()
    for module in set(sys.modules) - before:
        if module.partition(".")[0].endswith("_models"):
            del sys.modules[module]


def test_a_model_of_another_package_is_loaded_by_its_name(package: Package) -> None:
    package("springy")
    model = load_model("springy-2")
    assert isinstance(model, Model)
    assert (model.identity.name, model.identity.family) == ("springy-2", "springy")
    assert model.facts == MODELS["springy-2"].facts
    assert model.facts.citation == "doi 10.0/0"
    dimer = Atoms("Ar2", positions=[(0, 0, 0), (0, 0, 1.5 * 2 ** (1 / 6))])
    [bound] = model.evaluate([dimer])
    [twice] = load_model("springy:4").evaluate([dimer])
    assert bound.energy_eV == pytest.approx(-0.02, rel=2e-2)  # ε, but for the smooth end
    assert twice.energy_eV == pytest.approx(2 * bound.energy_eV, rel=1e-12)
    np.testing.assert_allclose(bound.forces_eV_per_A, 0, atol=1e-3)


def test_it_keeps_the_contract_like_any_other(package: Package) -> None:
    package("springy")
    trimer = Atoms("Ar3", positions=[(0, 0, 0), (0, 0, 1.8), (0.3, 1.6, 0.8)])
    report = check_model(load_model("springy-2"), {"Ar3": trimer}, progress=False)
    assert report.passed, str(report)


def test_its_version_is_recorded(package: Package) -> None:
    package("springy")
    assert installed_versions()["springy-models"] == "1.5"
    assert versions_behind(load_model("springy-2").identity)["springy-models"] == "1.5"


def test_its_facts_decide_what_may_be_asked(package: Package) -> None:
    package("springy")
    with pytest.raises(ModelError, match=r"'cuda' cannot be chosen for springy-2: springs have"):
        load_model("springy-2", device="cuda")
    with pytest.raises(ModelError, match=r"float32' cannot be chosen for springy:1: springs have"):
        load_model("springy:1", dtype="float32")


def test_lists_have_it(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    package("springy")
    assert main(["models", "list"]) == 0
    said = capsys.readouterr().out
    assert "\nspringy-2 " in said
    assert "\nspringy:... " in said
    assert "cannot be used" not in said
    assert main(["models", "show", "springy-2"]) == 0
    assert "doi 10.0/0" in capsys.readouterr().out


def test_the_package_that_is_written_about_is_installed_by_pip_and_found(tmp_path: Path) -> None:
    """The whole way, with the files of ARCHITECTURE.md and in a process that knows of nothing."""
    source, site = tmp_path / "source", tmp_path / "site"
    text = (Path(__file__).parents[3] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```(?:toml|python)\n# (\S+)\n(.*?)```", text, re.DOTALL))
    files["pyproject.toml"] += dedent(
        """
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "springy-models"
        version = "1.5"
        [tool.setuptools]
        packages = ["springy_models"]
        """
    )
    for name, content in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--target", site, source], check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from ase import Atoms\n"
        "from nearsight.models import load_model\n"
        "from nearsight.testing import check_model\n"
        "trimer = Atoms('Ar3', positions=[(0, 0, 0), (0, 0, 1.8), (0.3, 1.6, 0.8)])\n"
        "for name in ('springy-2', 'springy:0.1'):\n"
        "    model = load_model(name)\n"
        "    print(model.facts.level_of_theory, model.evaluate([trimer])[0].energy_eV < 0,\n"
        "          check_model(model, {'Ar3': trimer}, progress=False).passed)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "pairs True True\nNone True True\n"


BROKEN = {
    "absent": ("import no_such_module_at_all", "does not import (ModuleNotFoundError: No module"),
    "leaving": ("raise SystemExit(3)", "does not import (SystemExit: 3)"),
    "nameless": ("MODELS = ()", "does not import (AttributeError: "),
    "textual": (
        "FAMILY = 'textual'\nMODELS = ()",
        "FAMILY is a str, not a nearsight.models",
    ),
    "other": (FAMILY.replace('name="{name}",', 'name="another",'), "is called 'another', unlike"),
    "unloaded": (FAMILY.replace('loader="{module}.load",', ""), "FAMILY says no loader"),
    "strange": (FAMILY.replace("MODELS = (", "MODELS = (1,"), "MODELS has a int"),
    "foreign": (FAMILY.replace('family="{name}"', 'family="mace"'), "is of the family 'mace'"),
    "spaced": (FAMILY.replace('"{name}-2"', '"Spaced 2"'), "the name 'Spaced 2' has other"),
    "chgnet": (FAMILY, "another family or model is called chgnet, too"),
    "thief": (FAMILY.replace('"{name}-2"', '"sevennet-0"'), "is called sevennet-0, too"),
    "unnamed": (FAMILY.replace('name="{name}-2"', "name=None"), "fields of other types"),
    "typed": (FAMILY.replace("steps=()", "steps=None"), "fields of other types (TypeError"),
    "ending": ("raise GeneratorExit", "does not import (GeneratorExit)"),
    "anywhere": (FAMILY.replace('device="cpu",', ""), "say its device"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_family_is_listed_with_its_reason_and_others_work(
    package: Package, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    family, reason = BROKEN[name]
    package(name, family, called=f"{name}ly")
    package("springy")
    [broken] = third_parties().broken
    assert (broken.name, broken.package) == (name, f"{name}ly-models 1.5")
    assert reason in broken.reason
    assert load_model("springy-2").identity.name == "springy-2"
    assert load_model("ase:emt").identity.name == "ase:emt"
    assert "springy" in FAMILIES
    assert main(["models", "list"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"the family {name} of {name}ly-models 1.5 cannot be used: " in said
    if name == "chgnet":  # a built-in one stays what it is
        assert FAMILIES[name].loader is None
        return
    for ask in (load_model, family_named):
        with pytest.raises(ModelError) as error:
            ask(f"{name}:1")
        assert reason in str(error.value)


def test_of_two_families_of_one_name_neither_is_meant(package: Package) -> None:
    package("springy", called="one")
    package("springy", called="two")
    assert {one.package for one in third_parties().broken} == {"one-models 1.5", "two-models 1.5"}
    with pytest.raises(ModelError, match=r"springy of one-models .*springy of two-models"):
        load_model("springy:1")


def test_two_families_with_a_model_of_one_name_are_broken_alike(package: Package) -> None:
    package("springy", FAMILY.replace('"{name}-2"', '"twin"'))
    package("bouncy", FAMILY.replace('"{name}-2"', '"twin"'))
    assert [one.name for one in third_parties().broken] == ["bouncy", "springy"]


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ("raise KeyError('\\x1b[31m')", r"springy_models\.load.*KeyError: '\\x1b"),
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such"),
        ("", "has no attribute 'load'"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("def load(request): return 1 / 0", "ZeroDivisionError: division by zero. Repair that"),
        ("def load(request): return 3", "returned a int for springy-2, which is no model"),
    ],
)
def test_a_family_that_cannot_load_a_model_is_named(package: Package, load: str, said: str) -> None:
    package("springy", load=load)
    with pytest.raises(ModelError, match=said):
        load_model("springy-2")


def test_what_it_prints_is_not_among_data(
    package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    package("springy", "print('hello')\n" + FAMILY)
    assert main(["models", "list", "--json", "-"]) == 0
    names = [model["name"] for model in json.loads(capsys.readouterr().out)]
    assert "springy-2" in names


@pytest.mark.parametrize(
    "code",
    [
        "import nearsight.models.registry as r; r.load_model('ase:emt')",
        "from nearsight.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "import nearsight, nearsight.models, nearsight.models.families, nearsight.workflows",
    ],
)
def test_nothing_is_looked_up_before_a_family_of_others_may_be_meant(
    package: Package, code: str
) -> None:
    folder = package("absent", "raise SystemExit('looked up')")
    watched = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}\n"
        "from nearsight.models.families import third_parties\n"
        "assert third_parties.cache_info().currsize == 0\n"
        "assert len(third_parties().broken) == 1\n"
    )
    subprocess.run([sys.executable, "-c", watched], check=True, capture_output=True)
