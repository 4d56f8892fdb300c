"""Force fields in TOML."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import (
    NO_INTERACTION,
    Buckingham,
    LennardJones,
    SiteType,
)
from nearsight.models.families.forcefield.reading import ReadFile
from nearsight.models.families.forcefield.toml_file import read_toml
from nearsight.units import BOLTZMANN_EV_PER_K

FULL = """
source = "somebody, doi 10.0/0"

[treatment]
cutoff_A = 14
tail = true
mixing = "geometric"

[elements]
Mg = "metal"

[types]
metal = { epsilon_K = 55.85, sigma_A = 2.69 }
M = { interaction = "none", charge_e = -1.04, element = "X", mass_amu = 0.0 }
X1 = { charge_e = 1.0 }

[types.carbon]
element = "C"
neighbours = ["C", "metal"]
minimum_A = 3.851
epsilon_kcal_per_mol = 0.105

[[pairs]]
types = ["metal", "carbon"]
a_K = 1e7
b_per_A = 3.9
c_K_A6 = 3e5
core_A = 1.3

[[pairs]]
types = ["M", "carbon"]
epsilon_kJ_per_mol = 0.5
sigma_A = 3.0

[molecules.two]
source = "nobody"
sites = [{ type = "M", position_A = [0, 0, 0.5] }, { type = "carbon", position_A = [0, 0, 0] }]
"""


def read(folder: Path, text: str) -> ReadFile:
    path = folder / "field.toml"
    path.write_text(text)
    return read_toml(path)


def test_everything_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, FULL)
    field = found.force_field
    assert found.stated == {"cutoff_A": 14, "tail": True, "mixing": "geometric"}
    assert field.sources == ("somebody, doi 10.0/0",)
    assert field.by_element == {"Mg": "metal"}
    assert field.types["metal"] == SiteType(LennardJones(55.85 * BOLTZMANN_EV_PER_K, 2.69))
    assert field.types["M"] == SiteType(NO_INTERACTION, -1.04, 0.0, element="X")
    assert field.types["X1"].pair is None
    carbon = field.types["carbon"]
    assert carbon.neighbours == ("C", "metal")
    assert isinstance(carbon.pair, LennardJones)
    # 0.105 kcal/mol are 52.84 K
    assert carbon.pair.epsilon_eV / BOLTZMANN_EV_PER_K == pytest.approx(52.838, abs=1e-3)
    assert carbon.pair.sigma_A == pytest.approx(3.4309, abs=1e-4)
    exp6 = field.pairs["carbon", "metal"]
    assert isinstance(exp6, Buckingham)
    assert exp6.core_A == 1.3
    assert (exp6.a_eV, exp6.c_eV_A6) == pytest.approx(
        (1e7 * BOLTZMANN_EV_PER_K, 3e5 * BOLTZMANN_EV_PER_K)
    )
    lennard_jones = field.pairs["M", "carbon"]
    assert isinstance(lennard_jones, LennardJones)
    assert lennard_jones.epsilon_eV == pytest.approx(0.5 / 96.485332, rel=1e-6)
    two = field.molecules["two"]
    assert two.types == ("M", "carbon")
    assert np.array_equal(two.positions_A, [[0, 0, 0.5], [0, 0, 0]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[types]\nC = { epsilonn_K = 1 }",
            "line 2, epsilonn_K: epsilonn_K is not known; possible",
        ),
        ("[tipes]\n", "line 1, tipes: tipes is not known; possible are elements, molecules, pairs"),
        (
            "[treatment]\ncut_A = 3",
            "line 2, cut_A: cut_A is not known; possible are accuracy, charges",
        ),
        ("[treatment]\ntail = 1", "line 2, tail: 1 is not what is expected there"),
        ("[types]\nC = { epsilon_K = 1 }", r"types\.C needs epsilon_K and sigma_A"),
        (
            "[types]\nC = { epsilon_K = 1, sigma_A = 2, minimum_A = 3 }",
            "needs epsilon_K and sigma_A",
        ),
        ("[types]\nC = { epsilon_K = 1, epsilon_eV = 1, sigma_A = 2 }", "in two units; give one"),
        ("[types]\nC = { epsilon_K = '1', sigma_A = 2 }", "line 2, epsilon_K: '1' is not what is"),
        ("[types]\nC = { epsilon_K = -1, sigma_A = 2 }", "its depth is 0 or more"),
        ("[types]\nC = { interaction = 'some' }", "only 'none' is possible"),
        ("[types]\nC = { neighbours = ['O'] }", "line 2, neighbours: names of elements or types"),
        ("[types]\nC = 1", "line 2, C: 1 is not what is expected there"),
        (
            "[[pairs]]\ntypes = ['C', 'O']\nepsilon_K = 1\nsigma_A = 1",
            "pair C and O needs the type C",
        ),
        ("[[pairs]]\ntypes = ['C']", r"line 2, types: \['C'\] are not the names of two types"),
        ("[[pairs]]\ntypes = ['C', 'C']", r"pairs no\. 1 has no interaction"),
        ("[[pairs]]\nepsilon_K = 1", r"pairs no\. 1 has no types; add it"),
        ("pairs = [1]", "line 1, pairs: entry 1 is 1, not a table"),
        ("[molecules.CO2]\nsites = []", r"molecules\.CO2 has no sites"),
        (
            "[molecules.A]\nsites = [{type = 'A', position_A = [0, 0]}]",
            "is no place; give x, y and z",
        ),
        (
            "[molecules.A]\nsites = [{type = 'A', position_A = [0, 0, 0]}]",
            "molecule A needs the type A",
        ),
        (
            "[molecules.A]\nsites = [{type = 'A', position_A = [0, nan, 0]}]",
            "the 1 sites of a molecule of A are at",
        ),
        ("[elements]\nC = 'carbon'", "element C needs the type carbon"),
        ("[types\n", "is no TOML"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read(tmp_path, text)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "field.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="cannot be read"):
        read_toml(path)
