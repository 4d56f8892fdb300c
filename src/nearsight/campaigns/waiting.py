"""A calculation of a campaign that is still to be done, and the order in which they are."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A calculation that is still to be done."""

    key: str
    sha256: str
    """Digest of its structure."""
    name: str
    """The first name of that."""
    workflow: str
    n_atoms: int
    deaths: int


def in_order_of_work(sizes: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return names and numbers of atoms in the order in which workers get them.

    The longest come first: none of them is begun when all others are done.
    """
    return sorted(sizes, key=lambda each: (-each[1], each[0]))
