import json
from collections.abc import Callable
from pathlib import Path

import ase.io
import pytest
from ase.build import bulk

from nearsight.cli.main import main
from nearsight.models import AseModel
from nearsight.models.engines.torch_model import TorchModel

Run = Callable[..., int]


@pytest.fixture
def no_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that costs time fail."""

    def computed(*positional: object, **settings: object) -> None:
        raise AssertionError("a plan computes nothing")

    monkeypatch.setattr(AseModel, "evaluate", computed)
    monkeypatch.setattr("nearsight.workflows.prepare.relax", computed)
    monkeypatch.setattr("nearsight.hessian.matrix.compute_planned_rows", computed)


@pytest.mark.usefixtures("no_computing")
def test_plan_says_which_rows_are_needed_and_computes_none(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("hessian", "aluminium.cif", "--plan", "--json", "-") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["structure"] == "aluminium.cif"
    assert record["formula"] == "Al4"
    assert record["n_atoms"] == 4
    assert record["rows_total"] == 12
    assert record["tolerance_A"] == 1e-5
    # EMT does not say that it is equivariant, so that only translations are used.
    assert record["rows_needed"] == 3
    assert record["space_group"] is None
    assert "equivariant" in record["reason"]
    (site,) = record["sites"]
    assert site["symbol"] == "Al"
    assert site["n_equivalent"] == 4
    assert len(site["directions"]) == 3
    assert {path.name for path in folder.iterdir()} == {
        "aluminium.cif",
        "copper.cif",
        "empty.cif",
        "nitrogen.xyz",
    }


@pytest.mark.usefixtures("no_computing")
def test_plan_of_an_equivariant_model_names_its_space_group(
    nearsight: Run,
    pair_model: Callable[..., TorchModel],
    *,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("nearsight.models.registry.load_model", lambda *_, **__: pair_model())
    ase.io.write(folder / "diamond.cif", bulk("C", "diamond", a=3.57, cubic=True))
    assert nearsight("hessian", "diamond.cif", "--plan", "--json", "-") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["rows_total"] == 24
    assert record["rows_needed"] == 1
    assert record["space_group"] == "Fd-3m (227)"
    (site,) = record["sites"]
    assert site["site_symmetry_order"] == 24
    assert 0 < site["smallest_singular_value"] <= 1


@pytest.mark.usefixtures("no_computing")
@pytest.mark.parametrize(
    ("options", "rows_total", "rows_needed"),
    [
        (["--no-symmetry"], 12, 12),
        (["--supercell", "2", "2", "2"], 96, 3),
        (["--supercell", "2", "2", "2", "--symmetry-tolerance", "0.1"], 96, 3),
    ],
)
def test_plan_follows_the_options_of_the_hessian(
    nearsight: Run,
    options: list[str],
    rows_total: int,
    rows_needed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert nearsight("hessian", "aluminium.cif", "--plan", *options, "--json", "-") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["rows_total"], record["rows_needed"]) == (rows_total, rows_needed)


@pytest.mark.parametrize("options", [[], ["--no-symmetry"]])
def test_hessian_computes_as_many_rows_as_its_plan_says(
    nearsight: Run, folder: Path, options: list[str]
) -> None:
    aluminium = ("aluminium.cif", *options)
    assert nearsight("hessian", *aluminium, "--plan", "--json", "plan.json") == 0
    assert nearsight("hessian", *aluminium, "--no-relax", "--json", "done.json") == 0
    planned, done = (json.loads((folder / f"{name}.json").read_text()) for name in ("plan", "done"))
    assert done["hessian"]["rows_computed"] == planned["rows_needed"]
    assert done["hessian"]["rows_needed"] == planned["rows_needed"]
    assert done["hessian"]["rows_total"] == planned["rows_total"]


@pytest.mark.usefixtures("no_computing")
def test_table_of_a_plan_fits_80_columns(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowded = bulk("Al", "fcc", a=4.1, cubic=True).repeat((3, 2, 1))
    crowded.rattle(0.05, seed=1)
    ase.io.write(folder / "crowded.cif", crowded)
    assert nearsight("hessian", "crowded.cif", "aluminium.cif", "--plan") == 0
    output = capsys.readouterr().out
    assert "72 rows, 72 needed" in output
    assert "and 4 more sites" in output
    assert max(len(line) for line in output.splitlines()) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["aluminium.hessian.npz"], "finished Hessian, which needs no plan"),
        (["missing.cif"], "does not exist"),
        (["nitrogen.xyz", "--supercell", "2", "1", "1"], "not periodic"),
        (["aluminium.cif", "--output", "h.npz"], "--plan computes no Hessian"),
        (["aluminium.cif", "--json", "nowhere/p.json"], "nowhere"),
    ],
)
def test_mistakes_about_a_plan_are_explained_without_a_traceback(
    nearsight: Run, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("hessian", *arguments, "--plan") == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


def test_plan_of_a_molecule_needs_every_row(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("hessian", "nitrogen.xyz", "--plan", "--json", "-") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["rows_needed"] == record["rows_total"] == 6
    assert "periodic in three directions" in record["reason"]


@pytest.mark.parametrize("tolerance", ["0", "-0.1", "nan", "tight"])
def test_symmetry_tolerance_must_be_a_positive_length(
    tolerance: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["hessian", "any.cif", "--plan", "--symmetry-tolerance", tolerance])
    assert stopped.value.code == 2
    assert "--symmetry-tolerance" in capsys.readouterr().err


@pytest.mark.usefixtures("no_computing", "folder")
def test_plan_without_a_model_is_that_of_the_whole_space_group(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def loaded(*positional: object, **settings: object) -> None:
        raise AssertionError("nobody named a model")

    monkeypatch.setattr("nearsight.models.registry.load_model", loaded)
    assert main(["hessian", "aluminium.cif", "--plan", "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["model"] is None
    assert record["rows_needed"] == 1
    assert record["space_group"] == "Fm-3m (225)"
    assert main(["hessian", "aluminium.cif", "--plan"]) == 0
    output = capsys.readouterr().out
    assert "name one" in output
    assert max(len(line) for line in output.splitlines()) <= 80
