"""Fragments of a crystal as it is at some moment, by the bonds that it has at rest."""

from functools import cached_property

from ase import Atoms

from nearsight.arrays import IntArray
from nearsight.structures.fragment_sets import covering_fragments, site_classes
from nearsight.structures.fragments import Fragment, cut_fragment
from nearsight.structures.groups import find_groups
from nearsight.structures.moved_fragment import moved_fragment

SAME_KIND_A = 0.1
"""Tolerance of the symmetry that makes sites one kind. What is learnt about one of them holds for
the others, so that they are not to be kinds of their own for the noise of coordinates."""


class Cutter:
    """Cuts fragments of one size around the atoms of a crystal, wherever these have moved.

    What is in the fragment of an atom, and where its caps are, is decided at rest, so that it is
    always the same molecule.

    Parameters
    ----------
    crystal
        The crystal at rest.
    radius_A
        Every group with an atom within it of the site is in a fragment.

    Raises
    ------
    StructureError
        The crystal cannot be divided into groups, or has no bonds that can be cut.
    """

    def __init__(self, crystal: Atoms, radius_A: float) -> None:
        self._groups = find_groups(crystal)
        self._radius_A = radius_A
        self._at_rest: dict[int, Fragment] = {}

    @cached_property
    def kinds(self) -> IntArray:
        """For each atom the first one that is nearly equivalent to it, shape ``(n_atoms,)``."""
        return site_classes(self._groups.atoms, SAME_KIND_A)

    @cached_property
    def _covering(self) -> list[Fragment]:
        return covering_fragments(self._groups, self._radius_A, same_site_A=SAME_KIND_A)

    def at_rest(self) -> list[Fragment]:
        """Return few fragments that together hold the surroundings of every kind of site.

        Raises
        ------
        StructureError
            The radius is not positive.
        """
        return list(self._covering)

    def of_kinds(self) -> list[Fragment]:
        """Return the fragment around one site of each kind, at rest.

        Raises
        ------
        StructureError
            The radius is not positive.
        """
        return [self._fragment(kind) for kind in sorted(set(self.kinds.tolist()))]

    def cut(self, moved: Atoms, site: int) -> Fragment:
        """Return the fragment around an atom of the crystal at another moment.

        Parameters
        ----------
        moved
            The crystal with atoms elsewhere, none of them carried back into the cell.
        site
            Index of the atom.
        """
        return moved_fragment(self._fragment(site), moved)

    def _fragment(self, site: int) -> Fragment:
        if site not in self._at_rest:
            self._at_rest[site] = cut_fragment(self._groups, site, radius_A=self._radius_A)
        return self._at_rest[site]
