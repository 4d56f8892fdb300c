"""Fragments: the groups around a site, cut from a structure and capped with hydrogen.

After M. Herbold and J. Behler, J. Chem. Phys. 156, 114106 (2022), doi:10.1063/5.0082952, and
Phys. Chem. Chem. Phys. 25, 12979 (2023), doi:10.1039/D2CP05976B.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from scipy.spatial import KDTree

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.bonds import minus, plus
from nearsight.structures.caps import DEFAULT_CAP_LENGTHS_A, Cap, find_caps
from nearsight.structures.charge import electrons_said
from nearsight.structures.groups import Groups
from nearsight.structures.metals import METALS
from nearsight.structures.naming import name_structure, paragraph
from nearsight.structures.places import Place, places_within, position

RADIUS_TOLERANCE_A = 1e-3
"""Atoms that are farther than the radius by less than this are within it."""
SAME_DISTANCE_A = 0.05
"""Groups whose distances differ by less than this are left out together."""
CLOSEST_CAP_A = 1.0
"""A cap closer than this to another atom is in the way: what it replaces is kept instead."""


@dataclass(frozen=True)
class Fragment(ShownInNotebooks):
    """A molecule that stands for the surroundings of one site of a structure."""

    atoms: Atoms
    """No periodic directions; kept atoms where the structure has them, then the caps."""
    site: int
    """Index of the site in `atoms`."""
    parents: IntArray
    """Index in the structure; for a cap the atom in whose place it is. Shape ``(n_atoms,)``."""
    images: IntArray
    """Lattice vector that was added to the atom of the structure, shape ``(n_atoms, 3)``."""
    n_caps: int
    anchors: IntArray
    """For each cap the index in `atoms` of the atom it is bonded to, shape ``(n_caps,)``."""
    central: BoolArray
    """Whether all that is within `radius_A` of an atom is in the fragment; False for caps."""
    radius_A: float | None
    """Every group with an atom within this distance of the site is here; None if cut by shells."""
    charge: int
    multiplicity: int
    """2 S + 1."""
    groups: tuple[Place, ...]
    """The groups kept, each with its lattice vector."""
    reasons: tuple[str, str]
    """How the charge and the multiplicity were decided."""

    def __repr__(self) -> str:
        of = f"{self.centre}, {name_structure(self.atoms)}"
        state = f"{self.n_caps} caps, charge {self.charge}, multiplicity {self.multiplicity}"
        return paragraph(self, of, state)

    @property
    def n_central(self) -> int:
        """Number of central atoms."""
        return int(self.central.sum())

    @property
    def n_kept(self) -> int:
        """Number of atoms that are no caps; they come first."""
        return len(self.atoms) - self.n_caps

    @property
    def centre(self) -> str:
        """The site by its element and its index in the structure, such as ``Zn0``."""
        return f"{self.atoms.symbols[self.site]}{self.parents[self.site]}"

    def summary(self) -> dict[str, Any]:
        """Return an object of ``fragments`` in the JSON output, without the file."""
        return {
            "centre": self.centre,
            "formula": str(self.atoms.get_chemical_formula()),
            "n_atoms": len(self.atoms),
            "n_central": self.n_central,
            "n_caps": self.n_caps,
            "charge": self.charge,
            "spin": self.multiplicity,
            "charge_reason": self.reasons[0],
            "spin_reason": self.reasons[1],
        }


def cut_fragment(
    groups: Groups,
    site: int,
    *,
    radius_A: float | None = None,
    shells: int | None = None,
    cap_lengths_A: Mapping[str, float] = DEFAULT_CAP_LENGTHS_A,
) -> Fragment:
    """Cut the fragment around an atom.

    It holds every whole group with at least one atom within the radius, periodic images
    included. A metal node brings all its ligands. Every cut covalent bond gets hydrogen along the
    bond; an anion whose metal is not here becomes the acid. Where a cap would collide with
    another atom, what it replaces is kept instead.

    Parameters
    ----------
    groups
        The structure in groups, from `find_groups`.
    site
        Index of an atom of the structure.
    radius_A
        The radius, or
    shells
        how many bonds between groups away from the site's group a group may be.
    cap_lengths_A
        Bond lengths of caps by the symbol of the atom that they are on.

    Raises
    ------
    StructureError
        The site is not there, or the size is not given in one way, as a positive radius or a number
        of shells.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import cut_fragment, find_groups
    >>> groups = find_groups(molecule("CH3CH2OCH3"))
    >>> fragment = cut_fragment(groups, 0, radius_A=1.0)
    >>> print(fragment.centre, fragment.atoms.get_chemical_formula(), fragment.n_caps, "caps")
    O0 H2O 2 caps
    """
    _require_site(groups, site)
    if (radius_A is None) == (shells is None):
        raise StructureError(
            f"A fragment needs either a radius or a number of shells, not radius_A={radius_A} and "
            f"shells={shells}."
        )
    if radius_A is not None:
        chosen = {place for place, _ in _by_distance(groups, site, radius_A)}
    elif shells is not None and shells >= 0:
        chosen = _within_shells(groups, site, shells)
    else:
        raise StructureError(f"The number of shells must be 0 or more, not {shells}.")
    return build_fragment(groups, site, chosen, radius_A, cap_lengths_A)


def shrinking_fragments(
    groups: Groups,
    site: int,
    radius_A: float,
    *,
    cap_lengths_A: Mapping[str, float] = DEFAULT_CAP_LENGTHS_A,
) -> list[Fragment]:
    """Return all different fragments of a site up to a radius, the largest first.

    From one to the next the groups farthest from the site are left out, those within
    `SAME_DISTANCE_A` together; the last one is the smallest that holds the site. The radius of each
    is the smallest that makes it: ligands that a metal brings anyway make none larger. That of the
    first is the given one.

    Parameters
    ----------
    groups
        A structure in groups, from `find_groups`.
    site
        Index of the atom around which is cut.
    radius_A
        The largest radius, in Å.
    cap_lengths_A
        Length in Å of the bond to a capping atom, by the element that it is bound to.

    Raises
    ------
    StructureError
        The site is not there, or the radius is not positive.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import find_groups, shrinking_fragments
    >>> groups = find_groups(molecule("CH3CH2OCH3"))
    >>> for fragment in shrinking_fragments(groups, 0, radius_A=4.0):
    ...     print(f"{fragment.radius_A:.2f} Å: {fragment.atoms.get_chemical_formula()}")
    ...
    4.00 Å: C3H8O
    1.42 Å: C2H6O
    0.00 Å: H2O
    """
    _require_site(groups, site)
    entries = _by_distance(groups, site, radius_A)
    ends = [
        index
        for index in range(1, len(entries) + 1)
        if index == len(entries) or entries[index][1] - entries[index - 1][1] > SAME_DISTANCE_A
    ]
    fragments: list[Fragment] = []
    for end in reversed(ends):
        radius = radius_A if end == len(entries) else entries[end - 1][1]
        chosen = {place for place, _ in entries[:end]}
        found = build_fragment(groups, site, chosen, radius, cap_lengths_A)
        if fragments and found.groups == fragments[-1].groups:
            if len(fragments) > 1:
                fragments[-1] = found
        else:
            fragments.append(found)
    return fragments


def build_fragment(
    groups: Groups,
    site: int,
    chosen: Iterable[Place],
    radius_A: float | None,
    cap_lengths_A: Mapping[str, float] = DEFAULT_CAP_LENGTHS_A,
) -> Fragment:
    """Return the capped fragment of chosen groups, each with its lattice vector.

    What the chosen groups cannot be without is added: the ligands of metals, and groups between
    caps that would collide.
    """
    lengths = {**DEFAULT_CAP_LENGTHS_A, **cap_lengths_A}
    kept, caps = _complete(groups, site, set(chosen), lengths)
    places = sorted(
        (int(atom), plus(at, groups.image(int(atom))))
        for group, at in kept
        for atom in groups.members[group]
    )
    index = {place: number for number, place in enumerate(places)}
    everything = places + [cap.replaced for cap in caps]
    atoms = Atoms(
        numbers=[*(groups.atoms.numbers[atom] for atom, _ in places), *(1 for _ in caps)],
        positions=[
            *(position(groups.atoms, place) for place in places),
            *(c.position_A for c in caps),
        ],
    )
    charge = sum(groups.charges.groups[group] for group, _ in kept) + sum(c.is_proton for c in caps)
    odd = (int(atoms.numbers.sum()) - charge) % 2
    atoms.info = electrons_said(charge, 1 + odd)
    return Fragment(
        atoms=atoms,
        site=index[site, (0, 0, 0)],
        parents=np.array([atom for atom, _ in everything], dtype=np.int64),
        images=np.array([image for _, image in everything], dtype=np.int64),
        n_caps=len(caps),
        anchors=np.array([index[cap.anchor] for cap in caps], dtype=np.int64),
        central=_central(groups, places, len(caps), radius_A, site=index[site, (0, 0, 0)]),
        radius_A=radius_A,
        charge=charge,
        multiplicity=1 + odd,
        groups=tuple(sorted(kept)),
        reasons=(groups.charges.reason, _spin_reason(atoms, bool(odd))),
    )


def _require_site(groups: Groups, site: int) -> None:
    if not 0 <= site < len(groups.atoms):
        raise StructureError(
            f"There is no atom {site}: the structure has atoms 0 to {len(groups.atoms) - 1}."
        )


def _by_distance(groups: Groups, site: int, radius_A: float) -> list[tuple[Place, float]]:
    """Return the groups with an atom within a radius, by the distance of their nearest atom."""
    if not 0.0 < radius_A < np.inf:
        raise StructureError(f"A fragment needs a positive radius in Å, not {radius_A}.")
    centre = groups.atoms.positions[site]
    found, images, distances = places_within(groups.atoms, centre, radius_A + RADIUS_TOLERANCE_A)
    nearest: dict[Place, float] = {}
    for atom, image, distance in zip(found, images - groups.images[found], distances, strict=True):
        a, b, c = image.tolist()
        place = (int(groups.labels[atom]), (a, b, c))
        nearest[place] = min(float(distance), nearest.get(place, np.inf))
    return sorted(nearest.items(), key=lambda entry: (entry[1], entry[0]))


def _within_shells(groups: Groups, site: int, shells: int) -> set[Place]:
    front = {(int(groups.labels[site]), minus(groups.image(site)))}
    chosen = set(front)
    for _ in range(shells):
        front = {
            (other, plus(at, step))
            for group, at in front
            for _, other, step in groups.neighbours[group]
        } - chosen
        chosen |= front
    return chosen


def _complete(
    groups: Groups, site: int, kept: set[Place], lengths_A: Mapping[str, float]
) -> tuple[set[Place], list[Cap]]:
    """Return the groups with what they cannot be without, and the caps."""
    centre = groups.atoms.positions[site]
    while True:
        kept |= {
            (other, plus(at, step))
            for group, at in kept
            if groups.kinds[group] == "metal node"
            for bond, other, step in groups.neighbours[group]
            if bond.coordination
        }
        caps = find_caps(groups, kept, lengths_A, centre)
        missing = _in_the_way(groups, kept, caps)
        if not missing:
            return kept, caps
        kept |= missing


def _in_the_way(groups: Groups, kept: set[Place], caps: list[Cap]) -> set[Place]:
    """Return the groups replaced by caps that are too close to another cap or atom."""
    if not caps:
        return set()
    places = [
        (int(atom), plus(at, groups.image(int(atom))))
        for group, at in kept
        for atom in groups.members[group]
    ]
    here = np.array([cap.position_A for cap in caps])
    anchors = np.array([position(groups.atoms, cap.anchor) for cap in caps])
    others = np.array([position(groups.atoms, place) for place in places])
    to_atoms = np.linalg.norm(here[:, np.newaxis] - others, axis=2)
    to_atoms[np.linalg.norm(anchors[:, np.newaxis] - others, axis=2) < RADIUS_TOLERANCE_A] = np.inf
    to_caps = np.linalg.norm(here[:, np.newaxis] - here, axis=2)
    np.fill_diagonal(to_caps, np.inf)
    close = np.minimum(to_atoms.min(axis=1), to_caps.min(axis=1)) < CLOSEST_CAP_A
    missing = set()
    for index in np.flatnonzero(close):
        atom, image = caps[index].replaced
        missing.add((int(groups.labels[atom]), plus(image, minus(groups.image(atom)))))
    return missing


def _central(
    groups: Groups, places: list[Place], n_caps: int, radius_A: float | None, *, site: int
) -> BoolArray:
    central = np.zeros(len(places) + n_caps, dtype=bool)
    if radius_A is None:
        return central
    radius = radius_A + RADIUS_TOLERANCE_A
    kept = np.array([position(groups.atoms, place) for place in places])
    middle: FloatArray = kept.mean(axis=0)
    reach = radius + np.linalg.norm(kept - middle, axis=1).max()
    found, images, _ = places_within(groups.atoms, middle, reach)
    here = set(places)
    around = zip(found.tolist(), map(tuple, images.tolist()), strict=True)
    missing = [index for index, place in enumerate(around) if place not in here]
    absent = groups.atoms.positions[found[missing]] + images[missing] @ groups.atoms.cell.array
    central[: len(places)] = KDTree(absent).query(kept)[0] > radius if missing else True
    central[site] = True  # also where an atom is at the very radius, and distances are rounded
    return central


def _spin_reason(atoms: Atoms, odd: bool) -> str:
    reason = "odd number of electrons" if odd else "even number of electrons, all paired"
    # d and f shells may be open; zinc's and those of the empty-shell ions are not
    open_shell = sorted(
        {
            symbol
            for number, symbol in zip(atoms.numbers, atoms.symbols, strict=True)
            if int(number) in METALS and int(number) in _MAY_BE_OPEN
        }
    )
    if open_shell:
        reason += f"; the lowest, though {', '.join(open_shell)} may have unpaired ones"
    return reason


# V to Cu, Mo to Ag and so on, and the lanthanides and actinides beyond the first.
_MAY_BE_OPEN = frozenset(
    (*range(23, 30), *range(42, 48), *range(58, 71), *range(74, 80), *range(91, 97))
)
