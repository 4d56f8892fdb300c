"""``nearsight heat-capacity --spectrum probing``, with differences of EMT's forces."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from nearsight.models.engines.ase_model import AseModel

Run = Callable[..., int]

PROBING = ("--no-relax", "--supercell", "2", "2", "2", "--spectrum", "probing")
DENSE = ("--no-relax", "--supercell", "2", "2", "2", "--spectrum", "dense")


def record(nearsight: Run, *arguments: str) -> dict[str, Any]:
    assert nearsight("heat-capacity", *arguments, "--json", "r.json") == 0
    found: dict[str, Any] = json.loads(Path("r.json").read_text())
    return found


def test_json_has_the_promised_fields(nearsight: Run) -> None:
    found = record(nearsight, "aluminium.cif", *PROBING)
    assert found["n_atoms"] == 32
    assert found["supercell"] == [2, 2, 2]
    spectrum = found["spectrum"]
    assert spectrum["method"] == "probing"
    assert spectrum["reason"] == "`spectrum` probing was given"
    assert spectrum["products"] == 3 * spectrum["colours"] * spectrum["lanczos_steps"]
    assert spectrum["probing_radius_A"] == 4.0
    [row] = found["heat_capacity"]
    for name in ("standard_error_J_per_g_K", "bias_estimate_J_per_g_K"):
        assert 0 <= spectrum[name] == row[name] < 0.01 * row["J_per_g_K"]
    shares = found["atomic_heat_capacity_J_per_molatom_K"]
    assert np.mean(shares[0]) == pytest.approx(row["J_per_molatom_K"])
    assert found["hessian"] is found["modes"] is found["thermodynamics"] is None


@pytest.mark.parametrize("acoustic", ["exclude", "classical"])
def test_probing_agrees_with_all_modes_of_the_same_cell(nearsight: Run, acoustic: str) -> None:
    options = ("--acoustic", acoustic, "--temperature", "200", "300", "--scale-factor", "0.98")
    probed = record(nearsight, "aluminium.cif", *PROBING, *options)
    dense = record(nearsight, "aluminium.cif", *DENSE, *options)
    for ours, theirs in zip(probed["heat_capacity"], dense["heat_capacity"], strict=True):
        bar = 2 * ours["standard_error_J_per_g_K"] + ours["bias_estimate_J_per_g_K"]
        assert abs(ours["J_per_g_K"] - theirs["J_per_g_K"]) < bar + 1e-6
    assert probed["acoustic"] == acoustic
    assert probed["scale_factor"] == 0.98


def test_default_convention_is_that_of_modes_at_gamma(nearsight: Run) -> None:
    probed = record(nearsight, "aluminium.cif", *PROBING)
    assert probed["acoustic"] == record(nearsight, "aluminium.cif", *DENSE)["acoustic"]


def test_terminal_says_what_was_done_and_how_exact_it_is(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("heat-capacity", "aluminium.cif", *PROBING, "--lanczos-steps", "4") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "Al32, 32 atoms, 2×2×2 supercell" in text
    assert "4 Lanczos steps" in text
    assert "differences with a step of 0.01 Å, off by up to about 0." in " ".join(text.split())
    assert "MiB predicted" in text
    assert "± / J/(g K)" in text
    assert "Warning: the structure was not relaxed" in text


@pytest.mark.usefixtures("phonon_folder")
def test_structure_with_the_heat_of_each_atom_is_written(nearsight: Run) -> None:
    options = (*PROBING, "--probing-radius", "3.7", "--atomic-heat", "atoms.xyz")
    found = record(nearsight, "ordered.cif", *options)
    atoms = ase.io.read("atoms.xyz")
    values = atoms.arrays["heat_capacity_J_per_molatom_K"]
    assert values.tolist() == pytest.approx(
        found["atomic_heat_capacity_J_per_molatom_K"][0], rel=1e-6
    )
    # All atoms of an element are equivalent here, and the elements are not.
    gold, copper = (values[atoms.symbols == symbol] for symbol in ("Au", "Cu"))
    apart = abs(gold.mean() - copper.mean())
    assert max(np.ptp(gold), np.ptp(copper)) < 0.2 * apart


def test_report_and_figure_show_what_was_probed(nearsight: Run) -> None:
    options = (*PROBING, "--probing-radius", "3.6", "--report", "r.html", "--plot", "r.svg")
    assert nearsight("heat-capacity", "aluminium.cif", "copper.cif", *options) == 0
    page = Path("r.html").read_text()
    assert "aluminium" in page
    assert "copper" in page
    assert "probed" in Path("r.svg").read_text()


def test_interrupted_probing_goes_on_with_the_products_that_are_there(
    nearsight: Run, interrupt_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = record(nearsight, "aluminium.cif", *PROBING)
    assert not Path(".nearsight").exists()
    interrupt_after(60)
    assert nearsight("heat-capacity", "aluminium.cif", *PROBING) == 130
    assert [path.suffix for path in Path(".nearsight").iterdir()] == [".products"]
    calls = 0
    evaluate = AseModel.evaluate

    def counted(self: AseModel, structures: Any, **asked: Any) -> Any:
        nonlocal calls
        calls += len(structures)
        return evaluate(self, structures, **asked)

    monkeypatch.setattr(AseModel, "evaluate", counted)
    again = record(nearsight, "aluminium.cif", *PROBING)
    assert calls < 2 * whole["spectrum"]["products"] - 30
    assert again["heat_capacity"][0]["J_per_g_K"] == pytest.approx(
        whole["heat_capacity"][0]["J_per_g_K"], rel=1e-9
    )
    assert not Path(".nearsight").exists()


def test_imaginary_modes_that_are_seen_are_looked_for_and_taken_off(
    nearsight: Run, phonon_folder: Path
) -> None:
    # half way into a vacancy
    hop = bulk("Al", "fcc", a=4.0, cubic=True).repeat(2)
    neighbour = 1 + int(np.argmin(hop.get_distances(0, range(1, len(hop)), mic=True)))
    hop.positions[neighbour] -= hop.get_distance(0, neighbour, mic=True, vector=True) / 2
    del hop[0]
    ase.io.write(phonon_folder / "hop.xyz", hop)
    options = ("--no-relax", "--spectrum", "probing", "--probing-radius", "3.6")
    found = record(nearsight, "hop.xyz", *options, "--lanczos-steps", "12")
    modes = record(nearsight, "hop.xyz", "--no-relax", "--spectrum", "dense")["modes"]
    assert found["spectrum"]["n_imaginary"] == modes["n_imaginary"] > 0
    assert found["spectrum"]["products"] > 12 * 3 * found["spectrum"]["colours"]
    asked = record(nearsight, "hop.xyz", *options, "--lowest-modes", "1")
    assert asked["spectrum"]["n_imaginary"] == 1


def test_large_solids_without_symmetry_are_probed_by_themselves(
    nearsight: Run, phonon_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearsight.workflows.spectrum._FEWEST_ATOMS", 32)
    rattled = bulk("Al", "fcc", a=4.1, cubic=True).repeat(2)
    rattled.rattle(0.01, seed=1)
    ase.io.write(phonon_folder / "rattled.xyz", rattled)
    monkeypatch.setattr("nearsight.workflows.spectrum._WORTH_PROBING", 0.5)
    found = record(nearsight, "rattled.xyz", "--no-relax")
    assert found["spectrum"]["method"] == "probing"
    assert "force constants need 96 rows of 32 atoms, probing about" in found["spectrum"]["reason"]
    # symmetry makes the rows fewer than the products
    perfect = record(nearsight, "aluminium.cif", "--no-relax", "--supercell", "2", "2", "2")
    assert perfect["spectrum"]["method"] == "mesh"
    monkeypatch.setattr("nearsight.workflows.spectrum._WORTH_PROBING", 4.0)
    assert record(nearsight, "rattled.xyz", "--no-relax")["spectrum"]["method"] == "mesh"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("aluminium.cif", "--no-relax", "--spectrum", "probing"), "half the width of the cell"),
        (("aluminium.cif", *PROBING, "--probing-radius", "6"), "half the width of the cell"),
        (("aluminium.cif", *PROBING, "--temperature", "2"), "take a higher temperature"),
        (("aluminium.cif", *PROBING, "--temperature", "0"), "above 0 K"),
        (("aluminium.cif", *PROBING, "--products", "analytic"), "cannot be differentiated twice"),
    ],
)
def test_what_cannot_be_probed_is_said(
    nearsight: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert nearsight("heat-capacity", *arguments) == 1
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*PROBING, "--mesh", "4", "4", "4"), "--spectrum probing has no q-points"),
        ((*DENSE, "--probing-radius", "4"), "only --spectrum probing takes --probing-radius"),
        ((*PROBING, "--atomic-heat", "aluminium.cif"), "is one of the structures"),
    ],
)
def test_options_that_do_not_go_together_are_refused_at_once(
    nearsight: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert nearsight("heat-capacity", "aluminium.cif", *arguments) != 0
    assert message in " ".join(capsys.readouterr().err.split())
    assert not Path(".nearsight").exists()


def test_0_K_among_the_temperatures_spoils_no_verdict(nearsight: Run) -> None:
    alone = record(nearsight, "aluminium.cif", *PROBING, "--temperature", "100", "300")
    both = record(nearsight, "aluminium.cif", *PROBING, "--temperature", "0", "100", "300")
    assert both["verdict"] == alone["verdict"]
    assert both["warnings"] == alone["warnings"]
    cold, *others = both["heat_capacity"]
    assert cold["J_per_g_K"] == 0.0
    for one, other in zip(others, alone["heat_capacity"], strict=True):
        assert one["J_per_g_K"] == pytest.approx(other["J_per_g_K"], rel=1e-12)
