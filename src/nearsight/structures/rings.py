"""Bonds that are part of small rings."""

from nearsight.structures.bonds import Bonds, Image, plus

LARGEST_RING = 8
"""Rings of up to so many atoms are never cut."""


def ring_bonds(bonds: Bonds) -> set[int]:
    """Return the numbers of the covalent bonds that belong to a ring of at most `LARGEST_RING`.

    A ring closes on the same atom, not on one of its periodic images. A bond belongs to one if its
    two atoms are connected without it; the union of these bonds is that of a cycle basis of small
    rings, so that fused rings come out in one piece.
    """
    return {
        bond
        for bond, i, j, image in bonds.each()
        if not bonds.of_metal[bond] and _closes(bonds, i, j, image, bond)
    }


def _closes(bonds: Bonds, start: int, end: int, image: Image, without: int) -> bool:
    origin: Image = (0, 0, 0)
    seen = {(start, origin)}
    front = [(start, origin)]
    for _ in range(LARGEST_RING - 1):
        reached: list[tuple[int, Image]] = []
        for atom, at in front:
            for other, step, bond in bonds.covalent[atom]:
                place = (other, plus(at, step))
                # The bond itself is left out, but not its images: those are other bonds.
                itself = bond == without and {(atom, at), place} == {(start, origin), (end, image)}
                if itself or place in seen:
                    continue
                if place == (end, image):
                    return True
                seen.add(place)
                reached.append(place)
        front = reached
    return False
