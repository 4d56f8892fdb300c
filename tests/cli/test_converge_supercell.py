import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms

from json_warnings import messages
from nearsight.errors import MemoryBudgetError
from nearsight.models import AseModel, Evaluation

Run = Callable[..., int]

GROW = ("--no-relax", "--mesh", "3", "3", "3", "--converge-supercell", "0.05")


def test_curve_is_in_the_json_and_its_last_point_is_the_result(
    nearsight: Run, phonon_folder: Path
) -> None:
    arguments = ("primitive.xyz", *GROW, "--temperature", "100", "300")
    assert nearsight("heat-capacity", *arguments, "--json", "r.json") == 0
    record = json.loads((phonon_folder / "r.json").read_text())
    curve = record["convergence"]
    assert curve["converged"] is True
    assert curve["tolerance"] == 0.05
    assert curve["stopped"] == "two supercells agree"
    steps = curve["steps"]
    assert [step["supercell"] for step in steps][:2] == [[3, 3, 3], [4, 4, 4]]
    assert [step["n_atoms"] for step in steps][:2] == [27, 64]
    assert record["supercell"] == steps[-1]["supercell"]
    assert record["force_constants"]["n_atoms_supercell"] == steps[-1]["n_atoms"]
    assert steps[-1]["J_per_g_K"] == [row["J_per_g_K"] for row in record["heat_capacity"]]
    for one, other in zip(steps[-1]["J_per_g_K"], steps[-2]["J_per_g_K"], strict=True):
        assert abs(one - other) <= 0.05 * one
    assert not [w for w in messages(record) if "converge" in w]


def test_curve_is_shown_within_80_columns(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    temperatures = ("--temperature", "60", "100", "298.15", "300", "500", "1000")
    assert nearsight("heat-capacity", "primitive.xyz", *GROW, *temperatures) == 0
    output = capsys.readouterr().out
    assert "supercell   atoms   boundary" in output
    assert "  3×3×3          27" in output
    assert "298.15 K" in output
    assert "JSON has all 6" in output
    assert max(len(line) for line in output.splitlines()) <= 80


def test_columns_of_the_curve_stand_below_their_heads_whatever_the_supercells(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = ase.io.read("primitive.xyz")
    skew = np.array([[1, 0, 0], [3, 1, 0], [0, 4, 1]])
    cell.set_cell(skew @ cell.cell.array)
    ase.io.write("skewed.xyz", cell, format="extxyz")
    temperatures = ("--temperature", "60", "100", "298.15", "300", "500", "1000")
    assert nearsight("heat-capacity", "skewed.xyz", *GROW, *temperatures) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    start = next(number for number, line in enumerate(lines) if line.startswith("  supercell "))
    head, row = lines[start : start + 2]
    assert "reduced-cell" in row
    assert row.rindex(row.split()[2]) + len(row.split()[2]) == head.index("atoms") + len("atoms")


def test_figure_has_the_curve_of_each_structure(nearsight: Run, phonon_folder: Path) -> None:
    arguments = ("primitive.xyz", "ordered.cif", *GROW, "--temperature", "0", "300")
    assert nearsight("heat-capacity", *arguments, "--acoustic", "exclude", "--plot", "c.svg") == 0
    text = (phonon_folder / "c.svg").read_text()
    assert "atoms in the supercell" in text
    assert "primitive, 300 K" in text
    assert "ordered, 300 K" in text


def test_supercells_that_do_not_fit_are_a_warning_everywhere(
    nearsight: Run,
    phonon_folder: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _limit(monkeypatch, n_atoms=27)
    arguments = ("primitive.xyz", *GROW, "--json", "r.json", "--report", "r.html")
    assert nearsight("heat-capacity", *arguments) == 0
    record = json.loads((phonon_folder / "r.json").read_text())
    assert record["convergence"]["converged"] is False
    assert record["supercell"] == [3, 3, 3]
    (warning,) = [w for w in messages(record) if "did not converge" in w]
    assert "3×3×3: no room for 64 atoms." in warning
    assert "did not converge" in " ".join(capsys.readouterr().out.split())
    page = (phonon_folder / "r.html").read_text(encoding="utf-8")
    assert "supercell not converged" in page
    assert "did not converge" in page


def test_memory_that_is_too_small_for_any_supercell_is_explained(
    nearsight: Run,
    phonon_folder: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _limit(monkeypatch, n_atoms=1)
    assert nearsight("heat-capacity", "primitive.xyz", *GROW) == 1
    errors = capsys.readouterr().err
    assert "no room for 27 atoms" in errors
    assert "Traceback" not in errors


def _limit(monkeypatch: pytest.MonkeyPatch, n_atoms: int) -> None:
    """Let no supercell of more atoms fit."""
    from nearsight.workflows import second_derivatives

    compute = second_derivatives.force_constants

    def limited(atoms: Atoms, model: Any, supercell: Any, **settings: Any) -> Any:
        wanted = len(atoms) * round(np.linalg.det(supercell))
        if wanted > n_atoms:
            raise MemoryBudgetError(f"no room for {wanted} atoms")
        return compute(atoms, model, supercell, **settings)

    monkeypatch.setattr(second_derivatives, "force_constants", limited)


def test_interrupted_growing_keeps_every_row(
    nearsight: Run,
    phonon_folder: Path,
    *,
    interrupt_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve rows for 2×2×2 cells and twelve for 3×3×3, each two structures."""
    arguments = ("heat-capacity", "copper.cif", *GROW, "--json", "r.json")
    interrupt_after(40)
    assert nearsight(*arguments) == 130
    kept = [path.suffix for path in (phonon_folder / ".nearsight").iterdir()]
    assert kept == [".rows", ".rows"]
    sizes = _sizes(monkeypatch)
    assert nearsight(*arguments) == 0
    record = json.loads((phonon_folder / "r.json").read_text())
    assert [step["n_atoms"] for step in record["convergence"]["steps"]] == [32, 108]
    assert 0 < record["force_constants"]["rows_computed"] < 12
    # of the first supercell a force call is measured and a kept row checked, no more
    assert sizes.count(32) < 12
    assert sizes.count(108) < 24
    assert not (phonon_folder / ".nearsight").exists()


def _sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of atoms of all structures that the model is given from now on."""
    evaluate = AseModel.evaluate
    sizes: list[int] = []

    def counted(self: AseModel, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
        sizes.extend(map(len, structures))
        return evaluate(self, structures, **asked)

    monkeypatch.setattr(AseModel, "evaluate", counted)
    return sizes
