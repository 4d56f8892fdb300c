"""What does not fit into the memory is refused before it is built, with what it would take."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from ase.build import molecule

Run = Callable[..., int]
UNRELAXED = ("--no-relax",)


def _write_solid() -> None:
    """Write a crystal of molecules, which can be cut into fragments."""
    solid = molecule("N2", cell=[4.0, 4.0, 5.0], pbc=True)
    solid.write("solid.xyz")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("heat-capacity copper.cif --supercell 1000 1000 1000", "lattice points"),
        ("heat-capacity copper.cif --supercell 9000000000 9000000000 9", "lattice points"),
        (f"phonons copper.cif --supercell {10**40} 1 1", "lattice points"),
        ("phonons copper.cif --length 1e6", "lattice points"),
        ("phonons copper.cif --length 1e300", "lattice points"),
        ("phonons copper.cif --length 1.7e308", "supercell of 10^923 lattice points"),
        (f"phonons copper.cif --supercell{2 * f' {10**4000}'} 1", "of 10^8000 lattice points"),
        ("hessian copper.cif --supercell 1000 1000 100", "supercell of 400000000 atoms"),
        ("hessian copper.cif --plan --supercell 10000 10000 10000", "lattice points"),
        ("hessian copper.cif --supercell 20 20 20", "96000 rows of 32000 atoms"),
        ("vibrations copper.cif --supercell 30 30 10", "108000 rows of 36000 atoms"),
        ("elastic copper.cif --supercell 20 20 20", "96000 rows of 32000 atoms"),
        ("heat-capacity copper.cif --spectrum dense --supercell 30 30 30", "324000 rows"),
        (
            "heat-capacity copper.cif --spectrum probing --supercell 200 200 20",
            "distances of 3200000 atoms",
        ),
        ("heat-capacity copper.cif --mesh 1e9", "that spglib can number"),
        ("heat-capacity copper.cif --mesh 1.7e308", "that spglib can number"),
        ("phonons copper.cif --mesh 10000 10000 10000", "that spglib can number"),
        (f"phonons copper.cif --mesh {10**30} 1 1", "that spglib can number"),
        ("phonons copper.cif --mesh 1280 1280 1280", "A mesh of 1280 × 1280 × 1280 q-points would"),
        ("locality solid.xyz --reference-radius 1e6", "All atoms within 1e+06 Å"),
        ("locality solid.xyz --reference-radius 1e300", "All atoms within 1e+300 Å"),
    ],
)
def test_too_much_is_refused_with_its_size(
    command: str,
    said: str,
    nearsight: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _write_solid()
    # So that the same is too much on any machine.
    monkeypatch.setattr("nearsight.memory.default_memory_budget", lambda _: 20 * 2**30)
    started = time.monotonic()
    assert nearsight(*command.split()) == 1
    assert time.monotonic() - started < 60
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown
    if "spglib" not in said:
        taken = re.search(r"would take (\S+) GiB of memory, more than the budget of 20 GiB", shown)
        assert taken is not None
        assert float(taken[1]) > 20
    assert re.search("Take|Use", shown)


def test_fragments_of_a_huge_radius(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nearsight.cli.main import main

    _write_solid()
    for radius in ("1e6", "1e300"):
        assert main(["fragment", "solid.xyz", "--radius", radius, "--out", "f"]) == 1
        assert "All atoms within" in capsys.readouterr().err
    assert main(["fragment", "nitrogen.xyz", "--radius", "1e300", "--out", "f"]) == 0


def test_supercells_stop_growing_where_the_next_does_not_fit(
    nearsight: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = 2**20
    monkeypatch.setattr("nearsight.memory.default_memory_budget", lambda _: budget)
    monkeypatch.setattr("nearsight.memory._ALWAYS_THERE", 0)
    command = ("heat-capacity", "aluminium.cif", *UNRELAXED, "--converge-supercell", "1e-9")
    assert nearsight(*command, "--mesh", "5", "5", "5") == 0
    shown = capsys.readouterr().out
    assert "the heat capacity did not converge" in " ".join(shown.split())
    assert "more than the budget of" in " ".join(shown.split())


@pytest.mark.parametrize("given", ["nan", "inf", "0", "-1", "1e300", "1e999", "many"])
def test_memory_is_an_amount_that_a_machine_can_have(
    given: str, nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        nearsight("hessian", "copper.cif", "--memory", given)
    assert ended.value.code == 2
    assert "--memory" in capsys.readouterr().err


def test_a_process_without_memory_says_so(
    nearsight: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def spent(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("nearsight.cli.hessian.hessian", spent)
    assert nearsight("hessian", "copper.cif", "--json", "r.json") == 1
    shown = capsys.readouterr().err
    assert "the memory that this process may use is spent" in shown
    assert "Traceback" not in shown
    assert '"type": "MemoryBudgetError"' in (folder / "r.json").read_text()


def test_the_limit_of_a_process_is_part_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="a system without limits of processes")
    from nearsight.memory import default_memory_budget

    used = psutil.Process().memory_info().vms
    limit = used + 2**30
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert 0.7 * 2**30 < default_memory_budget("cpu") <= 0.8 * 2**30 + 2**26
