"""Networks plus a repulsion: kernels, PyTorch and plain sums agree, and files keep it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import MethodError, ModelError
from nearsight.hdnnp.born_mayer import BornMayer, Wall, wall_eV
from nearsight.hdnnp.files.reading import open_potential, read_potential
from nearsight.hdnnp.files.writing import write_potential
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import KernelEvaluation, evaluate
from nearsight.hdnnp.kernels.local_energies import LocalEnergies
from nearsight.hdnnp.potential import Potential, PotentialUnits
from nearsight.hdnnp.units import in_units
from nearsight.hdnnp.zbl import ZBL, screened
from nearsight.models.registry import load_model
from nearsight.structures.pairs import pairs_of
from nearsight.testing import check_model
from plain_hdnnp import made_potential

LAYERS = {"H": ((4,), "tl"), "O": ((3,), "tl")}
REPULSION = ZBL(1.2, 3.9)
WALL = Wall(("H", "O"), 2.6, 5.0, 4.0)
WALLS = BornMayer((Wall(("H", "H"), 1.7, 3.0, 6.0), WALL), REPULSION)  # O-O has screened nuclei
REPULSIONS = pytest.mark.parametrize("repulsion", [REPULSION, WALLS], ids=["zbl", "repulsion"])


@pytest.fixture(scope="module")
def networks() -> Potential:
    return made_potential(7, LAYERS, radii=(4.0,))


@pytest.fixture(scope="module")
def crystal() -> Atoms:
    """A cell that is narrower than the cutoff, so that images count."""
    random = np.random.default_rng(1)
    cell = np.array([[3.1, 0.2, 0], [0, 3.4, 0.3], [0.1, 0, 3.6]])
    return Atoms("H3O2", scaled_positions=random.uniform(size=(5, 3)), cell=cell, pbc=True)


def evaluated(potential: Potential, atoms: Atoms) -> KernelEvaluation:
    compiled = compile_potential(potential)
    return evaluate(
        compiled, atoms.numbers, pairs_of(atoms, compiled.cutoff_A), stress=bool(atoms.pbc.all())
    )


def pair_eV(repulsion: ZBL | BornMayer, first: str, second: str, r: float) -> float:
    """Return the repulsion of two atoms by plain formulas."""
    if isinstance(repulsion, BornMayer):
        for wall in repulsion.walls:
            if set(wall.elements) == {first, second}:
                return float(wall_eV(wall, np.array([r]))[0, 0])
    if r >= REPULSION.outer_A:
        return 0.0
    symbols = ("H", "O")
    kinds = symbols.index(first), symbols.index(second)
    strength, per_A, cubic, quartic, constant = REPULSION.table(symbols)[kinds]
    x = max(r - REPULSION.inner_A, 0.0)
    value = screened(strength, per_A, np.array([r]))[0, 0]
    return float(value + cubic * x**3 + quartic * x**4 + constant)


def summed_eV(repulsion: ZBL | BornMayer, atoms: Atoms) -> float:
    """Return the repulsion of all pairs, each once, by plain sums over images."""
    total = 0.0
    images = np.array(list(np.ndindex(5, 5, 5))) - 2
    for i in range(len(atoms)):
        for j in range(len(atoms)):
            for shift in images @ atoms.cell.array:
                r = np.linalg.norm(atoms.positions[j] + shift - atoms.positions[i])
                if r > 0:
                    total += pair_eV(repulsion, atoms[i].symbol, atoms[j].symbol, r) / 2
    return total


@REPULSIONS
def test_energies_are_those_of_networks_and_pairs(
    networks: Potential, crystal: Atoms, repulsion: ZBL | BornMayer
) -> None:
    both = evaluated(replace(networks, repulsion=repulsion), crystal)
    alone = evaluated(networks, crystal)
    assert both.energy_eV - alone.energy_eV == pytest.approx(
        summed_eV(repulsion, crystal), rel=1e-11
    )


@REPULSIONS
def test_forces_and_stress_are_derivatives(
    networks: Potential, crystal: Atoms, repulsion: ZBL | BornMayer
) -> None:
    both, alone = replace(networks, repulsion=repulsion), networks
    whole, before = evaluated(both, crystal), evaluated(alone, crystal)
    assert whole.forces_eV_per_A is not None
    assert before.forces_eV_per_A is not None
    assert whole.stress_eV_per_A3 is not None
    assert before.stress_eV_per_A3 is not None
    forces = whole.forces_eV_per_A - before.forces_eV_per_A
    step = 1e-5
    for atom, axis in ((0, 0), (3, 2)):
        moved = [crystal.copy(), crystal.copy()]
        for each, sign in zip(moved, (1, -1), strict=True):
            each.positions[atom, axis] += sign * step
        slope = (summed_eV(repulsion, moved[0]) - summed_eV(repulsion, moved[1])) / (2 * step)
        assert forces[atom, axis] == pytest.approx(-slope, rel=1e-6)
    stretched = []
    for sign in (1, -1):
        strain = np.eye(3)
        strain[0, 0] += sign * step
        each = crystal.copy()
        each.set_cell(crystal.cell.array @ strain, scale_atoms=True)
        stretched.append(summed_eV(repulsion, each))
    slope = (stretched[0] - stretched[1]) / (2 * step) / crystal.cell.volume
    difference = whole.stress_eV_per_A3 - before.stress_eV_per_A3
    assert difference[0] == pytest.approx(slope, rel=1e-6)


@REPULSIONS
def test_units_of_the_files_change_nothing(
    networks: Potential, crystal: Atoms, repulsion: ZBL | BornMayer
) -> None:
    both = replace(networks, repulsion=repulsion)
    other = in_units(both, PotentialUnits("bohr", "hartree"))
    assert evaluated(other, crystal).energy_eV == pytest.approx(
        evaluated(both, crystal).energy_eV, rel=1e-11
    )


@REPULSIONS
def test_changes_of_a_structure_know_it(
    networks: Potential, crystal: Atoms, repulsion: ZBL | BornMayer
) -> None:
    compiled = compile_potential(replace(networks, repulsion=repulsion))
    local = LocalEnergies(compiled, crystal)
    change = local.move([1], crystal.positions[[1]] + 0.2)
    moved = crystal.copy()
    moved.positions[1] += 0.2
    after = evaluate(compiled, moved.numbers, pairs_of(moved, compiled.cutoff_A), forces=False)
    assert change.energy_eV == pytest.approx(after.energy_eV, rel=1e-12)


@REPULSIONS
def test_the_model_keeps_all_that_models_keep(
    networks: Potential, tmp_path: Path, repulsion: ZBL | BornMayer
) -> None:
    """Kernels and PyTorch are compared here, and rows with differences of forces."""
    write_potential(replace(networks, repulsion=repulsion), tmp_path / "sum")
    model = load_model(f"hdnnp:{tmp_path / 'sum'}")
    atoms = Atoms("HOH", [[0.0, 0, 0], [0.9, 0, 0], [1.1, 0.95, 0.1]])
    [kernels] = model.evaluate([atoms])
    [torch] = load_model(f"hdnnp:{tmp_path / 'sum'}")._by_torch.evaluate([atoms])
    assert kernels.energy_eV == pytest.approx(torch.energy_eV, rel=1e-12)
    np.testing.assert_allclose(kernels.forces_eV_per_A, torch.forces_eV_per_A, atol=1e-10)
    report = check_model(model, {"water": atoms}, progress=False)
    assert report.passed, str(report)


def test_files_keep_it_and_say_what_others_must_do(networks: Potential, tmp_path: Path) -> None:
    both = replace(networks, repulsion=REPULSION)
    write_potential(both, tmp_path)
    again = read_potential(tmp_path)
    assert again.repulsion == REPULSION
    text = (tmp_path / "input.nn").read_text(encoding="utf-8")
    assert "pair_style hybrid/overlay hdnnp" in text
    assert "zbl 1.2 3.9; pair_coeff * * hdnnp H O; pair_coeff 1 1 zbl 1 1" in text
    before = open_potential(tmp_path).sha256
    (tmp_path / "prior.toml").write_text(
        (tmp_path / "prior.toml").read_text(encoding="utf-8").replace("1.2", "1.3"),
        encoding="utf-8",
    )
    assert open_potential(tmp_path).sha256 != before
    write_potential(networks, tmp_path)
    assert not (tmp_path / "prior.toml").exists()
    assert read_potential(tmp_path).repulsion is None


def test_a_hessian_is_continuous_where_a_wall_begins(networks: Potential, tmp_path: Path) -> None:
    """On either side of the onset rows differ by what the third derivative brings, no more."""
    write_potential(replace(networks, repulsion=WALLS), tmp_path / "sum")
    write_potential(networks, tmp_path / "networks")
    step = 1e-4
    curvatures = []
    for r in (WALL.onset_A - step, WALL.onset_A + step):
        atoms = Atoms("HO", [[0.0, 0.0, 0.0], [r, 0.0, 0.0]])
        rows = []
        seed = (0, np.array([1.0, 0.0, 0.0]))
        for name in ("sum", "networks"):
            [row] = load_model(f"hdnnp:{tmp_path / name}").rows(atoms, [seed])
            rows.append(np.ravel(row))
        curvatures.append(rows[0] - rows[1])
    inside, outside = curvatures
    expected = WALL.strength_eV * WALL.rate_per_A**3 * step
    assert inside[0] == pytest.approx(expected, rel=1e-3)
    np.testing.assert_allclose(outside, 0.0, atol=1e-12)


def test_files_keep_walls_and_lammps_is_told_of_them(networks: Potential, tmp_path: Path) -> None:
    both = replace(networks, repulsion=WALLS)
    write_potential(both, tmp_path)
    assert read_potential(tmp_path).repulsion == WALLS
    text = (tmp_path / "input.nn").read_text(encoding="utf-8")
    assert "The networks alone, as n2p2 computes them, are not this potential" in text
    assert "lepton 3.9 zbl 1.2 3.9; pair_coeff * * hdnnp H O; " in text
    y = "(4.0*max(0,2.6-r))"
    assert f'pair_coeff 1 2 lepton "5.0*(exp({y})-1-{y}-{y}^2/2)"; ' in text
    assert "pair_coeff 2 2 zbl 8 8" in text
    assert "pair_coeff 1 1 zbl" not in text
    before = open_potential(tmp_path).sha256
    file = tmp_path / "prior.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("2.6", "2.5"), encoding="utf-8")
    assert open_potential(tmp_path).sha256 != before
    no_walls = replace(networks, repulsion=BornMayer((), REPULSION))
    write_potential(no_walls, tmp_path)
    assert read_potential(tmp_path).repulsion == BornMayer((), REPULSION)


def _wall_text(elements: str, onset: str) -> str:
    return (
        f'prior = "repulsion"\ninner_A = 1.0\nouter_A = 2.0\n[[walls]]\nelements = {elements}\n'
        f"onset_A = {onset}\nstrength_eV = 5.0\nrate_per_A = 4.0\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('prior = "repulsion"\ninner_A = 1.0\nouter_A = 2.0\n', "a prior has"),
        ('prior = "repulsion"\ninner_A = 1.0\nouter_A = 2.0\nwalls = 3\n', "no list of tables"),
        (_wall_text('["H", "O"]', "1.0") + "more = 1\n", "and one has elements"),
        (_wall_text('["O", "H"]', "1.0"), "order of their atomic numbers"),
        (_wall_text('["H"]', "1.0"), "two elements"),
        (_wall_text("3", "1.0"), "two elements"),
        (_wall_text('["H", "O"]', '"x"'), "numbers in Å"),
        (_wall_text('["H", "O"]', "-1.0"), "above 0"),
        (_wall_text('["H", "O"]', "9.0"), "reaches to 9 Å"),
        (None, "prior.toml"),
        ("prior = \n", "no TOML"),
        ("inner_A = 1.0\n", "a prior has"),
        ('prior = "lj"\ninner_A = 1.0\nouter_A = 2.0\n', "has the prior 'lj'"),
        ('prior = "zbl"\ninner_A = "x"\nouter_A = 2.0\n', "numbers in Å"),
        ('prior = "zbl"\ninner_A = 3.0\nouter_A = 2.0\n', "below the outer one"),
        ('prior = "zbl"\ninner_A = 3.0\nouter_A = 9.0\n', "reaches to 9 Å"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(
    networks: Potential, tmp_path: Path, text: str | None, message: str
) -> None:
    write_potential(replace(networks, repulsion=REPULSION), tmp_path)
    (tmp_path / "prior.toml").unlink()
    if text is not None:
        (tmp_path / "prior.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        read_potential(tmp_path)


def test_a_file_that_the_networks_know_nothing_of_is_refused(
    networks: Potential, tmp_path: Path
) -> None:
    write_potential(networks, tmp_path)
    (tmp_path / "prior.toml").write_text('prior = "zbl"\n', encoding="utf-8")
    with pytest.raises(ModelError, match="this file does not say so"):
        read_potential(tmp_path)


def test_it_ends_within_the_cutoff(networks: Potential) -> None:
    with pytest.raises(MethodError, match="beyond the symmetry functions"):
        replace(networks, repulsion=ZBL(1.0, 4.5))
