"""Entries made with a cheap model, and a reader of pages."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.hessian import hessian
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.products.operator import HessianOperator
from nearsight.models.engines.torch_model import TorchModel
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations import phonon_mesh, probe_heat_capacity, thermodynamics, vibrations
from nearsight.vibrations.settings import Acoustic

TEMPERATURES_K = (100.0, 298.15)
ROCKSALT_A = 3.7494662305  # where it has its lowest energy with the pair potential
RELAX = RelaxationSettings(fmax_eV_per_A=1e-3, max_steps=200)


@dataclass
class Page(HTMLParser):
    """What a page holds, as a browser would take it apart."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    """Numbers that the page shows, at full precision."""
    scripts: list[tuple[dict[str, str | None], str]] = field(default_factory=list)
    words: str = ""
    """Everything that is shown."""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside: list[str] = []
        self.feed(self.text)
        self.close()
        assert not self._inside, f"not closed: {self._inside}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "script":
            self.scripts.append((attributes, ""))
        if tag == "data":
            self.values.append(float(str(attributes["value"])))
        if tag not in {"meta", "link", "input", "br", "img"} and not self._is_empty():
            self._inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "script":
            attributes, before = self.scripts[-1]
            self.scripts[-1] = (attributes, before + data)
        elif inside != "style":
            self.words += data

    def _is_empty(self) -> bool:
        return str(self.get_starttag_text()).endswith("/>")

    @property
    def data(self) -> dict[str, Any]:
        """Every JSON that the page embeds, by its id."""
        return {
            str(attributes["id"]): json.loads(content)
            for attributes, content in self.scripts
            if attributes.get("type") == "application/json"
        }

    @property
    def programs(self) -> list[str]:
        """Every script that a browser would run."""
        return [content for attributes, content in self.scripts if not attributes.get("type")]


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Page]:
    return Page


@pytest.fixture(scope="session")
def contrast() -> Callable[[str, str], float]:
    """Return a function: the contrast of two colours, of which WCAG asks 3 for graphics."""

    def luminance(color: str) -> float:
        parts = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", color)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    def of(one: str, other: str) -> float:
        dark, light = sorted((luminance(one), luminance(other)))
        return (light + 0.05) / (dark + 0.05)

    return of


@pytest.fixture(scope="session")
def make_entry(pair_model: Callable[..., TorchModel]) -> Callable[..., HarmonicResults]:
    """Return a function: an entry about a structure, relaxed with the pair potential or not."""

    def make(atoms: Atoms, name: str = "quartz.cif", *, relaxed: bool = False) -> HarmonicResults:
        model = pair_model()
        relaxation = relax(atoms, model, RELAX) if relaxed else None
        result = hessian(relaxation.atoms if relaxation else atoms, model, "rows")
        modes = vibrations(result)
        thermal = thermodynamics(modes, TEMPERATURES_K)
        settings = {"relax": relaxed, "supercell": [1, 1, 1]}
        return HarmonicResults(name, result, modes, thermal, relaxation, settings)

    return make


@pytest.fixture(scope="session")
def water_entry(make_entry: Callable[..., HarmonicResults]) -> HarmonicResults:
    return make_entry(molecule("H2O"), "water.xyz", relaxed=True)


@pytest.fixture
def quartz_entry(
    make_entry: Callable[..., HarmonicResults], alpha_quartz: Atoms
) -> HarmonicResults:
    return make_entry(alpha_quartz)


@pytest.fixture(scope="session")
def make_phonon_entry(pair_model: Callable[..., TorchModel]) -> Callable[..., HarmonicResults]:
    """Return a function: an entry about the phonons of a crystal."""

    def make(
        atoms: Atoms, supercell: tuple[int, int, int] = (3, 3, 3), acoustic: Acoustic = "classical"
    ) -> HarmonicResults:
        constants = force_constants(atoms, pair_model(), supercell, method="rows")
        at_gamma = constants.at_gamma()
        phonons = phonon_mesh(constants, (4, 5, 6))
        return HarmonicResults(
            "crystal.cif",
            at_gamma,
            vibrations(at_gamma),
            thermodynamics(phonons, TEMPERATURES_K, acoustic),
            settings={"supercell": list(supercell)},
            force_constants=constants,
            phonons=phonons,
        )

    return make


@pytest.fixture(scope="session")
def rocksalt_entry(make_phonon_entry: Callable[..., HarmonicResults]) -> HarmonicResults:
    """Eight atoms in the cell, two in the primitive one, at a minimum of the pair potential."""
    return make_phonon_entry(bulk("MgO", "rocksalt", a=ROCKSALT_A, cubic=True), (2, 2, 2))


@pytest.fixture(scope="session")
def metal_entry(make_phonon_entry: Callable[..., HarmonicResults]) -> HarmonicResults:
    """One atom."""
    return make_phonon_entry(bulk("Mg", "fcc", a=3.9))


@pytest.fixture(scope="session")
def unstable_entry(make_phonon_entry: Callable[..., HarmonicResults]) -> HarmonicResults:
    """A crystal that is stretched beyond what its bonds bear."""
    return make_phonon_entry(bulk("MgO", "rocksalt", a=4.6))


@pytest.fixture(scope="session")
def probed_entry(pair_model: Callable[..., TorchModel]) -> ProbedResults:
    """A cell of 216 atoms at a minimum of the pair potential, without a Hessian."""
    model = pair_model()
    solid = bulk("MgO", "rocksalt", a=ROCKSALT_A, cubic=True).repeat(3)
    relaxation = relax(solid, model, RELAX)
    heat = probe_heat_capacity(
        HessianOperator(relaxation.atoms, model, "analytic"),
        (200.0, 298.15),
        "classical",
        n_steps=8,
    )
    settings = {"relax": True, "supercell": [3, 3, 3]}
    return ProbedResults("rocksalt.cif", heat, relaxation, settings, "rows are too many")
