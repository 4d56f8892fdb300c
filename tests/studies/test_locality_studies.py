"""The studies of locality, with a cheap model and short chains."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

Study = Callable[[str], ModuleType]


@pytest.fixture
def chains(
    study: Study,
    alkane: Callable[[int], Atoms],
    pair_model: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ModuleType:
    """The study of chains, hexadecane being octane here, at two geometries."""
    ase.io.write(tmp_path / "chain.xyz", alkane(8))
    given = ["study", "--hexadecane", str(tmp_path / "chain.xyz"), "--systems", "hexadecane"]
    given += ["--records", str(tmp_path / "records"), "--figure", str(tmp_path / "f.png")]
    monkeypatch.setattr("sys.argv", [*given, "--scales", "1.0", "1.1"])
    module = study("locality_of_chains")
    monkeypatch.setattr(module, "load_model", lambda _: pair_model())
    return module


def test_chains_are_examined_once(
    chains: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = chains
    module.main()
    first = capsys.readouterr().out
    assert "## hexadecane, C8H18" in first
    assert [line.split(" | ")[1] for line in first.splitlines()[4:11]] == [
        str(23 - 3 * n) for n in range(7)
    ]
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(module, "converge_site", None)  # every record is there
    module.main()
    assert capsys.readouterr().out == first


def test_rings_stand_as_they_are_said_to(study: Study) -> None:
    module = study("conjugated_chains")
    ring = molecule("C6H6")
    ring.positions = ring.positions[:, [1, 0, 2]]
    ring.positions -= ring.positions[ring.numbers == 6].mean(axis=0)
    angle = np.arctan2(ring.positions[0, 1], ring.positions[0, 0])
    ring.rotate(-np.degrees(angle), "z")
    for twist in (0.0, 90.0):
        chain = module.quinquephenyl(ring, twist)
        assert chain.get_chemical_formula() == "C30H22"
        bonds = chain.get_all_distances()[np.ix_(chain.numbers == 6, chain.numbers == 6)]
        between = bonds[(bonds > 1.42) & (bonds < 1.6)]
        assert len(between) == 8  # four bonds, both ways
        np.testing.assert_allclose(between, module.CC_BETWEEN_RINGS_A, atol=1e-6)
    planar = module.quinquephenyl(ring, 0.0)
    np.testing.assert_allclose(planar.positions[:, 2], 0.0, atol=1e-6)


def test_a_row_of_nodes_has_its_linkers_and_formates(study: Study) -> None:
    module = study("conjugated_chains")
    for n_nodes in (2, 3):
        chain = module.mof5_chain(n_nodes)
        n_linkers = n_nodes - 1
        counts = chain.symbols.formula.count()
        formates = 6 * n_nodes - 2 * n_linkers
        assert counts == {
            "Zn": 4 * n_nodes,
            "O": 13 * n_nodes,
            "C": 6 * n_nodes + 6 * n_linkers,
            "H": 4 * n_linkers + formates,
        }
    site = study("locality_of_chains").carboxylate_in_the_middle(chain)
    assert chain.symbols[site] == "C"


def test_sites_of_mof5_have_the_names_of_the_paper(study: Study) -> None:
    module = study("locality_of_mof5")
    atoms = ase.io.read(Path(__file__).parents[1] / "data" / "crystals" / "mof5_primitive.extxyz")

    class Site:
        def __init__(self, site: int) -> None:
            self.site, self.element = site, str(atoms.symbols[site])

    class Found:
        def __init__(self) -> None:
            self.atoms = atoms
            self.sites = [Site(site) for site in (0, 8, 10, 34, 46, 58, 82)]

    assert module.site_names(Found()) == list(module.PUBLISHED_A)
