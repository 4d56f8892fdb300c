"""Frameworks from crystallographic data, and chain molecules of standard bond lengths."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read
from ase.spacegroup import crystal

DATA = Path(__file__).parents[2] / "data" / "crystals"

Build = Callable[[], Atoms]


def _cubic(symbols: Sequence[str], basis: Sequence[Sequence[float]], group: int, a: float) -> Atoms:
    found = crystal(symbols, basis, spacegroup=group, cellpar=[a, a, a, 90, 90, 90], pbc=True)
    found.info.clear()
    return found


def _mof5() -> Atoms:
    return read(DATA / "mof5_primitive.extxyz")


def _mof5_conventional() -> Atoms:
    # X-ray structure: H. Li, M. Eddaoudi, M. O'Keeffe, O. M. Yaghi, Nature 402, 276 (1999); its C-H
    # bonds are short, as those of X-ray structures are
    basis = [
        (0.2934, 0.2066, 0.2066),
        (0.25, 0.25, 0.25),
        (0.2819, 0.2181, 0.1340),
        (0.25, 0.25, 0.1113),
        (0.25, 0.25, 0.0538),
        (0.2829, 0.2171, 0.0269),
        (0.3049, 0.1951, 0.0448),
    ]
    return _cubic(("Zn", "O", "O", "C", "C", "C", "H"), basis, 225, 25.832)


def _uio66() -> Atoms:
    # a and Zr-O distances: J. H. Cavka et al., J. Am. Chem. Soc. 130, 13850 (2008); the linker has
    # standard bond lengths; F-43m, so that oxo and hydroxo are told apart
    basis = [
        (0.1206, 0, 0),
        (0.0562, 0.0562, 0.0562),
        (-0.0562, -0.0562, -0.0562),
        (-0.0833, -0.0833, -0.0833),
        (0, 0.1701, 0.0931),
        (0, 0.1516, 0.1516),
        (0, 0.2025, 0.2025),
        (0, 0.2674, 0.1851),
        (0, 0.2810, 0.1343),
    ]
    return _cubic(("Zr", "O", "O", "H", "O", "C", "C", "C", "H"), basis, 216, 20.7004)


def _hkust1() -> Atoms:
    # Cu and O: S. S.-Y. Chui et al., Science 283, 1148 (1999); the linker has standard bond lengths
    centre, carbon = np.array((0.3532, 0.1468, 0.1468)), np.array((0.3266, 0.1734, 0.1087))
    basis = [
        (0.2853, 0.2853, 0),
        (0.3165, 0.2431, 0.0521),
        (0.2984, 0.2016, 0.0687),
        tuple(carbon),
        tuple(2 * centre - carbon),
        tuple(centre - (carbon - centre) * 2.48 / 1.39),
    ]
    return _cubic(("Cu", "O", "C", "C", "C", "H"), basis, 225, 26.343)


def _cof1() -> Atoms:
    # one layer of the boroxine COF of A. P. Côté et al., Science 310, 1166 (2005), eclipsed;
    # regular hexagons with B-O 1.38, B-C 1.55 and C-C 1.39 Å give its a of 15 Å
    ring, out, phenyl = 1.38, 1.55, 1.39
    side = 2 * (ring + out + phenyl)
    a = np.sqrt(3) * side
    cell = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, 3.4]])
    symbols, positions = [], []
    for sign, middle in ((1, (1 / 3, 2 / 3, 0.5)), (-1, (2 / 3, 1 / 3, 0.5))):
        centre = np.array(middle) @ cell
        for k in range(6):
            angle = sign * np.pi / 2 + np.pi * k / 3
            direction = np.array((np.cos(angle), np.sin(angle), 0.0))
            boron = k % 2 == 0
            symbols.append("B" if boron else "O")
            positions.append(centre + ring * direction)
            if boron and sign == 1:
                linker = centre + side / 2 * direction
                for j in range(6):
                    turned = angle + np.pi * j / 3
                    away = np.array((np.cos(turned), np.sin(turned), 0.0))
                    symbols.append("C")
                    positions.append(linker + phenyl * away)
                    if j % 3:
                        symbols.append("H")
                        positions.append(linker + (phenyl + 1.09) * away)
    return Atoms(symbols, positions=positions, cell=cell, pbc=True)


def _sodalite() -> Atoms:
    # SOD of the Database of Zeolite Structures, iza-structure.org
    return _cubic(("Si", "O"), [(0.25, 0.5, 0), (0.3539, 0.3539, 0)], 229, 8.965)


def _mg_mof74() -> Atoms:
    # DFT geometry of H. Kraß, J. Huang, S. M. Moosavi, arXiv:2507.11806, idealised to R-3
    basis = [
        (0.9731, 0.6195, 0.1393),
        (0.0355, 0.7002, 0.0325),
        (0.0806, 0.3545, 0.9906),
        (0.0297, 0.4370, 0.0699),
        (0.0870, 0.7410, 0.0918),
        (0.1218, 0.3441, 0.9097),
        (0.1259, 0.7880, 0.9546),
        (0.1676, 0.3480, 0.0249),
        (0.0266, 0.5242, 0.1579),
    ]
    cell = [26.0788, 26.0788, 6.9601, 90, 90, 120]
    symbols = ("Mg", "O", "O", "O", "C", "C", "C", "C", "H")
    return crystal(symbols, basis, spacegroup=148, cellpar=cell, pbc=True)


FRAMEWORKS: dict[str, Build] = {
    "MOF-5": _mof5,
    "MOF-5 conventional": _mof5_conventional,
    "UiO-66": _uio66,
    "HKUST-1": _hkust1,
    "COF-1": _cof1,
    "sodalite": _sodalite,
    "Mg-MOF-74": _mg_mof74,
    "copper": lambda: bulk("Cu", "fcc", a=3.6),
    "rocksalt": lambda: bulk("NaCl", "rocksalt", a=5.64),
    "diamond": lambda: bulk("C", "diamond", a=3.57),
}


@pytest.fixture
def framework() -> Callable[[str], Atoms]:
    """Return a function: the framework of a name."""
    return lambda name: FRAMEWORKS[name]()


def _zigzag(n_carbon: int, lengths_A: Sequence[float], angle_degrees: float) -> list[np.ndarray]:
    half = np.radians(angle_degrees / 2)
    points = [np.zeros(3)]
    for k in range(n_carbon - 1):
        step = np.array((np.sin(half), np.cos(half) * (-1) ** k, 0.0))
        points.append(points[-1] + lengths_A[k % len(lengths_A)] * step)
    return points


@pytest.fixture
def alkane() -> Callable[[int], Atoms]:
    """Return a function: the all-trans chain of so many carbon atoms, which come first."""

    def build(n_carbon: int) -> Atoms:
        carbon = _zigzag(n_carbon, [1.53], 113.0)
        hydrogen = []
        for k, point in enumerate(carbon):
            outwards = np.array((0.0, -0.55 * (-1) ** (k + 1), 0.0))
            hydrogen += [point - outwards + (0, 0, z) for z in (-0.94, 0.94)]
        along = np.array((np.sin(np.radians(56.5)), np.cos(np.radians(56.5)), 0.0))
        last = along * (1, (-1) ** (n_carbon - 1), 1)
        first = along * (-1, 1, 1)
        hydrogen += [carbon[0] + 1.09 * first, carbon[-1] + 1.09 * last]
        return Atoms(f"C{n_carbon}H{2 * n_carbon + 2}", [*carbon, *hydrogen])

    return build


@pytest.fixture
def polyene() -> Callable[..., Atoms]:
    """Return a function: an all-trans polyene of so many carbon atoms, which come first."""

    def build(n_carbon: int, double_A: float = 1.35, single_A: float = 1.45) -> Atoms:
        carbon = _zigzag(n_carbon, [double_A, single_A], 124.0)
        hydrogen = [point - (0, 1.09 * (-1) ** k, 0) for k, point in enumerate(carbon)]
        half = np.radians(62.0)
        hydrogen += [
            carbon[0] + 1.09 * np.array((-np.sin(half), np.cos(half), 0)),
            carbon[-1] + 1.09 * np.array((np.sin(half), np.cos(half) * (-1) ** (n_carbon - 1), 0)),
        ]
        return Atoms(f"C{n_carbon}H{n_carbon + 2}", [*carbon, *hydrogen])

    return build


@pytest.fixture
def oligophenyl() -> Callable[[int], Atoms]:
    """Return a function: para-linked phenyl rings in a row, each twisted against the last."""

    def build(n_rings: int) -> Atoms:
        symbols, positions = [], []
        for k in range(n_rings):
            across = np.array((0, np.cos(0.6 * (k % 2)), np.sin(0.6 * (k % 2))))
            middle = np.array((k * (2 * 1.39 + 1.49), 0, 0))
            for j in range(6):
                away = np.array((1, 0, 0)) * np.cos(np.pi * j / 3) + across * np.sin(np.pi * j / 3)
                symbols.append("C")
                positions.append(middle + 1.39 * away)
                inner = (j == 0 and k < n_rings - 1) or (j == 3 and k > 0)
                if not inner:
                    symbols.append("H")
                    positions.append(middle + 2.48 * away)
        return Atoms(symbols, positions)

    return build
