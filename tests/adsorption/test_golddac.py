"""Frames of GoldDAC: interaction energies by names, where the answer is put into the frames."""

from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.golddac import (
    framework_of_frame,
    interaction_errors,
    read_golddac,
    reference_energies_eV,
)
from nearsight.errors import StructureError

PLACES = {"R_0.0-1.4": 0.5, "R_0.0-1.0": 5.0, "E_0.0-2.8": -0.3} | {
    f"P_{n}.0-2.8": -0.1 for n in range(1, 6)
}
"""Interaction energies in eV; 5 eV is beyond what a molecule visits."""


def energies(offset_eV: float = 0.0) -> dict[str, float]:
    """Energies of a model whose isolated CO2 is too high by minus the offset."""
    found = {"AAA-CO2_fram": -100.0, "CO2_gas": -20.0 - offset_eV}
    return found | {f"AAA_CO2_{place}": -120.0 + value for place, value in PLACES.items()}


def test_an_offset_of_the_molecule_is_found_in_every_place() -> None:
    errors = interaction_errors("CO2", energies(-0.3), energies())
    assert errors.kinds == ("repulsive", "equilibrium", *["weak"] * 5)
    np.testing.assert_allclose(errors.references_eV, [0.5, -0.3, *[-0.1] * 5])
    np.testing.assert_allclose(errors.errors_eV, -0.3)
    assert errors.offset_eV == pytest.approx(-0.3)


@pytest.mark.parametrize(("name", "what"), [("CO2_gas", "CO2 alone"), ("AAA-CO2_fram", "an empty")])
def test_what_is_missing_is_named(name: str, what: str) -> None:
    known = {key: value for key, value in energies().items() if key != name}
    with pytest.raises(StructureError, match=f"no frame of {what}"):
        interaction_errors("CO2", known, known)


@pytest.mark.parametrize(
    ("name", "what"), [("CO2_gas_2", "CO2 alone"), ("AAA-CO2_fram_2", "an empty AAA")]
)
def test_what_is_there_twice_is_named(name: str, what: str) -> None:
    known = energies() | {name: -7.0}
    with pytest.raises(StructureError, match=f"{name} are all frames of {what}"):
        interaction_errors("CO2", known, known)


def test_frames_are_read_with_names_and_energies(tmp_path: Path) -> None:
    frames = [
        Atoms("He", info={"name": name, "REF_energy": energy})
        for name, energy in energies().items()
    ]
    ase.io.write(tmp_path / "val.xyz", frames, format="extxyz")
    found = read_golddac(tmp_path / "val.xyz")
    assert reference_energies_eV(found) == pytest.approx(energies())
    assert {framework_of_frame(name) for name in found} == {"AAA", None}
    ase.io.write(tmp_path / "val.xyz", [*frames, frames[0]], format="extxyz")
    with pytest.raises(StructureError, match=r"two frames of .* AAA-CO2_fram"):
        read_golddac(tmp_path / "val.xyz")
    del frames[1].info["REF_energy"]
    ase.io.write(tmp_path / "val.xyz", frames, format="extxyz")
    with pytest.raises(StructureError, match=r"frame 2 .* lacks name or REF_energy"):
        read_golddac(tmp_path / "val.xyz")
    with pytest.raises(StructureError, match="no extended XYZ"):
        read_golddac(tmp_path / "none.xyz")
