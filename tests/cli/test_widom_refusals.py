"""What ``nearsight widom`` refuses, and in which words."""

from pathlib import Path
from typing import Any

import pytest
from ase import Atoms

from widom_command import FRAMEWORK, NO_OVERLAPS, widom


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gas", "co2"), "there is no gas 'co2'; did you mean CO2?"),
        (("--gas", "Xenon"), "there is no gas 'Xenon'; did you mean Xe?"),
        (("--gas", "no.xyz"), "no.xyz does not exist"),
        (("--temperature", "0"), "is positive"),
        (("--temperature", "-5"), "temperature"),
        (("--error", "150%"), "150% is no share such as 5% or 0.05"),
        (("--propose-by", "ase:emt"), "computes framework and molecule together"),
        (("--uniform-share", "0.05"), "--uniform-share is 0.1 or more"),
        (("--snapshots", "3", "--error", "5%"), "give --insertions in place of --error"),
        (("--snapshots", "3"), "has 1 frames, and --snapshots is 3"),
    ],
)
def test_mistakes_are_told(
    argon_folder: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--snapshots" in options and "--error" not in options:
        FRAMEWORK.write("argon.extxyz")
        options = (*options, "--insertions", "300")
    framework = "argon.extxyz" if (argon_folder / "argon.extxyz").exists() else "argon.cif"
    try:
        status = widom(*options, framework=framework)
    except SystemExit as end:
        status = int(str(end.code))
    assert status in {1, 2}
    assert said in " ".join(capsys.readouterr().err.split())


def refused(
    argon_folder: Path, atoms: Atoms, capsys: pytest.CaptureFixture[str], **others: Any
) -> str:
    atoms.write(argon_folder / "other.extxyz")
    assert widom("--insertions", "300", framework="other.extxyz", **others) == 1
    return " ".join(capsys.readouterr().err.split())


def test_frameworks_that_are_none_are_refused(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    molecule = Atoms("CO", positions=[[0, 0, 0], [0, 0, 1.13]])
    assert "a gas is put into a crystal" in refused(argon_folder, molecule, capsys)
    layer = FRAMEWORK.copy()
    layer.pbc = [True, True, False]
    # Before a model is loaded, which may take its time: here there is none of that name.
    said = refused(argon_folder, layer, capsys, model="NoSuchClass")
    assert "is not periodic in three directions" in said
    twice = Atoms("Ar2", positions=[[0, 0, 0], [0, 0, 0.01]], cell=[9] * 3, pbc=True)
    assert "0.01" in refused(argon_folder, twice, capsys)


def test_a_gas_that_the_model_does_not_know_is_refused(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copper = Atoms("Cu", cell=[9] * 3, pbc=True)
    assert "Ar" in refused(argon_folder, copper, capsys, model="ase:emt")


def test_missing_charges_are_told(argon_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    said = refused(argon_folder, FRAMEWORK, capsys, model="forcefield:uff")
    assert "charge" in said


def test_a_model_without_numbers_is_refused(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert widom("--insertions", "1000", *NO_OVERLAPS, model="Broken") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "Broken has no energy for" in said
