"""Force fields of RASPA3."""

import json
from pathlib import Path
from typing import Any

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
from nearsight.models.families.forcefield.raspa_json import read_raspa_json
from nearsight.models.families.forcefield.reading import ReadFile
from nearsight.units import BOLTZMANN_EV_PER_K


def contents() -> dict[str, Any]:
    """Return what such a file has, with numbers of TraPPE-zeo and TraPPE."""

    def atom(
        name: str, element: str, mass: float, charge: float, framework: bool
    ) -> dict[str, Any]:
        return {
            "name": name,
            "framework": framework,
            "print_to_output": True,
            "element": element,
            "print_as": element,
            "mass": mass,
            "charge": charge,
            "source": "here",
        }

    def own(name: str, *parameters: float) -> dict[str, Any]:
        return {"name": name, "type": "lennard-jones", "parameters": list(parameters)}

    return {
        "MixingRule": "Lorentz-Berthelot",
        "TruncationMethod": "shifted",
        "TailCorrections": False,
        "CutOffVDW": 11.8,
        "PseudoAtoms": [
            atom("O", "O", 15.9994, -0.75, True),
            atom("Si4", "Si", 28.0855, 1.5, True),
            atom("N_n2", "N", 14.00674, -0.482, False),
            atom("N_com", "N", 0.0, 0.964, False),
        ],
        "SelfInteractions": [own("O", 53.0, 3.30), own("Si4", 22.0, 2.30), own("N_n2", 36.0, 3.31)],
        "BinaryInteractions": [
            {"names": ["O", "N_n2"], "type": "buckingham", "parameters": [1e7, 3.9, 3e5]}
        ],
    }


def read(folder: Path, values: object) -> ReadFile:
    path = folder / "force_field.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values, indent=1))
    return read_raspa_json(path)


def test_everything_is_read(tmp_path: Path) -> None:
    (tmp_path / "N2.json").write_text(
        '{"CriticalTemperature": 126.192, "pseudoAtoms": [["N_n2", [0, 0, 0.55]], '
        '["N_com", [0, 0, 0]], ["N_n2", [0, 0, -0.55]]]}'
    )
    (tmp_path / "butane.json").write_text('{"pseudoAtoms": [["CH3"], ["CH2"], ["CH2"], ["CH3"]]}')
    (tmp_path / "simulation.json").write_text('{"SimulationType": "MonteCarlo"}')
    found = read(tmp_path, contents())
    field = found.force_field
    assert found.stated == {
        "mixing": "lorentz-berthelot",
        "truncation": "shifted",
        "tail": False,
        "cutoff_A": 11.8,
    }
    oxygen = LennardJones(53.0 * BOLTZMANN_EV_PER_K, 3.30)
    assert field.types["O"] == SiteType(oxygen, -0.75, 15.9994, element="O")
    assert field.types["N_com"] == SiteType(NO_INTERACTION, 0.964, 0.0, element="X")
    assert field.by_element == {"Si": "Si4"}
    pair = field.pairs["N_n2", "O"]
    assert isinstance(pair, Buckingham)
    assert (pair.a_eV, pair.b_per_A) == pytest.approx((1e7 * BOLTZMANN_EV_PER_K, 3.9))
    assert list(field.molecules) == ["N2"]
    assert field.molecules["N2"].types == ("N_n2", "N_com", "N_n2")
    assert np.array_equal(field.molecules["N2"].positions_A[:, 2], [0.55, 0, -0.55])


def test_an_element_of_two_types_is_ambiguous(tmp_path: Path) -> None:
    values = contents()
    values["PseudoAtoms"].append({**values["PseudoAtoms"][1], "name": "Si5"})
    values["SelfInteractions"].append({**values["SelfInteractions"][1], "name": "Si5"})
    assert read(tmp_path, values).force_field.by_element == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"TruncationMetod": "shifted"},
            "line [0-9]+, TruncationMetod: TruncationMetod is not known",
        ),
        (
            {"TruncationMethod": "smooth"},
            "TruncationMethod: smooth is not possible; choose shifted",
        ),
        ({"MixingRule": "Kong"}, "MixingRule: Kong is not possible"),
        ({"ChargeMethod": "Wolf"}, "ChargeMethod: Wolf is not possible; choose Ewald, None"),
        ({"CutOffCoulomb": 12.0}, r"CutOffVDW is 11\.8, CutOffCoulomb is 12; one cutoff"),
        ({"CutOffVDW": "auto"}, "CutOffVDW: 'auto' is not what is expected there"),
        ({"TailCorrections": "no"}, "TailCorrections: 'no' is not what is expected there"),
        (
            {"SelfInteractions": [{"name": "Al", "type": "none"}]},
            "Al has interactions, and is no ps",
        ),
        (
            {"SelfInteractions": [{"name": "O", "type": "morse", "parameters": [1, 2]}]},
            r"SelfInteractions no\. 1: the interaction morse is not known",
        ),
        (
            {"SelfInteractions": [{"name": "O", "type": "feynman-hibbs-lennard-jones"}]},
            r"write lennard-jones there, and name the .* such as FILE\?feynman_hibbs_K=77",
        ),
        (
            {"SelfInteractions": [{"name": "O", "type": "lennard-jones", "parameters": [1]}]},
            r"lennard-jones has 2 numbers, not \[1\]",
        ),
        ({"BinaryInteractions": [{"names": ["O"], "type": "none"}]}, "are not two types"),
        ({"PseudoAtoms": [{"charge": 1}]}, r"PseudoAtoms no\. 1 has no name; add it"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read(tmp_path, contents() | change)


@pytest.mark.parametrize(("text", "said"), [("{", "is no JSON"), ("[1]", "a JSON object is")])
def test_what_is_no_force_field_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read(tmp_path, text)


@pytest.mark.parametrize("key", ["TruncationMethod", "TailCorrections"])
def test_what_decides_energies_must_be_stated(tmp_path: Path, key: str) -> None:
    values = contents()
    del values[key]
    with pytest.raises(ModelError, match=f"the file has no {key}; add it"):
        read(tmp_path, values)
