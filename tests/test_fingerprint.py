"""Digests change with everything that changes numbers, and with nothing else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms

from nearsight.fingerprint import file_sha256, fingerprint
from nearsight.provenance import ModelIdentity

MODEL = ModelIdentity("m", "test", "abc", "float64", "cpu", {"charge": 0, "task": "omat"})
SETTINGS = {"rows": "central-difference", "step_A": 0.01}


@pytest.fixture
def atoms() -> Atoms:
    """Two atoms in a box."""
    return Atoms("CO", positions=[(0, 0, 0), (0, 0, 1.1)], cell=[4, 4, 4], pbc=True)


def changed(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {key for key in one if one[key] != other[key]}


CHANGES: dict[str, Callable[[Atoms], object]] = {
    "position": lambda a: a.positions.__setitem__((1, 2), np.nextafter(1.1, 2)),
    "species": lambda a: a.numbers.__setitem__(0, 7),
    "mass": lambda a: a.set_masses([13.0, None]),
    "cell": lambda a: a.set_cell([4, 4, 4.1]),
    "charge": lambda a: a.set_initial_charges([1.0, 0.0]),
    "magnetic moment": lambda a: a.set_initial_magnetic_moments([0.0, 2.0]),
    "periodicity": lambda a: a.set_pbc((True, True, False)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_structure_digest_changes(atoms: Atoms, change: Callable[[Atoms], object]) -> None:
    before = fingerprint(atoms, MODEL, SETTINGS)
    change(atoms)
    assert changed(before, fingerprint(atoms, MODEL, SETTINGS)) == {"structure"}


def test_order_of_atoms_matters(atoms: Atoms) -> None:
    before = fingerprint(atoms, MODEL, SETTINGS)
    assert changed(before, fingerprint(atoms[[1, 0]], MODEL, SETTINGS)) == {"structure"}


@pytest.mark.parametrize(
    "other",
    [
        {"name": "n"},
        {"checkpoint_sha256": None},
        {"dtype": "float32"},
        {"device": "cuda:0"},
        {"options": {"charge": 1, "task": "omat"}},
        {"options": {}},
    ],
)
def test_model_digest_changes(atoms: Atoms, other: dict[str, object]) -> None:
    before = fingerprint(atoms, MODEL, SETTINGS)
    assert changed(before, fingerprint(atoms, replace(MODEL, **other), SETTINGS)) == {"model"}


def test_settings_digest_changes(atoms: Atoms) -> None:
    before = fingerprint(atoms, MODEL, SETTINGS)
    for other in ({**SETTINGS, "step_A": 0.02}, {"rows": "analytic"}, {}):
        assert changed(before, fingerprint(atoms, MODEL, other)) == {"settings"}


def test_what_changes_no_number_changes_no_digest(atoms: Atoms) -> None:
    before = fingerprint(atoms, MODEL, SETTINGS)
    atoms.info["note"] = "mine"
    atoms.set_constraint(FixAtoms([0]))
    atoms.set_tags([1, 2])
    reordered = dict(reversed(SETTINGS.items()))
    options = dict(reversed(MODEL.options.items()))
    model = replace(MODEL, options=options, versions={"torch": "7.0"})
    assert fingerprint(atoms, model, reordered) == before


def test_default_masses_are_the_same_given_or_not(atoms: Atoms) -> None:
    before = fingerprint(atoms, MODEL, SETTINGS)
    atoms.set_masses(atoms.get_masses())
    assert fingerprint(atoms, MODEL, SETTINGS) == before


def test_file_digest_is_the_standard_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # the example of FIPS 180-2
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
