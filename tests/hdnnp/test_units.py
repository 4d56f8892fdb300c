"""Units by name, and potentials in other units: the same physical numbers."""

import re
from pathlib import Path

import pytest
from ase.build import molecule

from nearsight.errors import MethodError, ModelError
from nearsight.hdnnp.files import convert_potential, read_potential, same_potential, write_potential
from nearsight.hdnnp.potential import Normalization, PotentialUnits, Scaling
from nearsight.hdnnp.units import in_units, name_of, units_named
from plain_hdnnp import energy_eV, made_potential

EV, HARTREE = PotentialUnits(), PotentialUnits("bohr", "hartree")
LAYERS = {"H": ((4, 3), "ttl"), "C": ((5, 3), "tgl"), "O": ((4, 3), "ttl")}


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("angstrom,eV", EV),
        ("Å, ev", EV),
        ("A,EV", EV),
        ("bohr,hartree", HARTREE),
        ("Bohr,Ha", HARTREE),
        ("bohr,eV", PotentialUnits("bohr", "eV")),
    ],
)
def test_names(text: str, units: PotentialUnits) -> None:
    assert units_named(text) == units
    assert units_named(name_of(units)) == units


@pytest.mark.parametrize("text", ["", "eV", "eV,angstrom", "nm,eV", "angstrom,eV,K", "angstrom"])
def test_what_are_no_units(text: str) -> None:
    with pytest.raises(MethodError, match="unit"):
        units_named(text)


@pytest.mark.parametrize("normalization", [Normalization(), Normalization(-1.2, 3.4, 0.7)])
@pytest.mark.parametrize("scaling", ["sigma", "range and center"])
def test_energies_do_not_change(normalization: Normalization, scaling: str) -> None:
    made = made_potential(5, LAYERS, scaling=Scaling(scaling), normalization=normalization)
    ethanol = molecule("CH3CH2OH")
    energy = energy_eV(made, ethanol)
    for units in (HARTREE, PotentialUnits("bohr", "eV"), PotentialUnits("angstrom", "hartree")):
        other = in_units(made, units)
        assert other.units == units
        assert other.cutoff_A == pytest.approx(made.cutoff_A, rel=1e-15)
        assert energy_eV(other, ethanol) == pytest.approx(energy, rel=1e-13)
        assert other.normalization.conv_length == pytest.approx(
            normalization.conv_length * units.length_A, rel=1e-15
        )
        back = in_units(other, EV)
        assert energy_eV(back, ethanol) == pytest.approx(energy, rel=1e-13)
        assert not same_potential(other, made)
    assert in_units(made, EV) is made


def test_a_converted_folder(tmp_path: Path) -> None:
    made = made_potential(5, LAYERS | {"C": ((5, 3), "ttl")})
    write_potential(made, tmp_path / "a")
    file = tmp_path / "a" / "input.nn"
    file.write_text(re.sub("# nearsight.*", "", file.read_text()) + "epochs 10\n")
    with pytest.raises(ModelError, match="does not say its units"):
        convert_potential(tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "b").exists()
    converted = convert_potential(tmp_path / "a", tmp_path / "b", EV, HARTREE)
    assert converted.source.without_effect == ("epochs",)
    read = read_potential(tmp_path / "b")
    assert same_potential(read, converted.written)
    water = molecule("H2O")
    assert energy_eV(read, water) == pytest.approx(energy_eV(made, water), rel=1e-13)
    with pytest.raises(MethodError, match="is what is read, too"):
        convert_potential(tmp_path / "a", tmp_path / "a", EV, HARTREE)
