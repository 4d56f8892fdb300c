"""Lattices of whole numbers, exact for integers of any size."""

from collections.abc import Iterable, Sequence


def spanning_rows(vectors: Iterable[Sequence[int]]) -> list[list[int]]:
    """Return as few rows as span what the given vectors span, each with more zeros at its start.

    Their sums with whole-number factors are those of the vectors, which Euclid's algorithm keeps.
    The matrix of three independent ones is triangular.
    """
    rows = [[int(value) for value in vector] for vector in vectors]
    found: list[list[int]] = []
    for column in range(3):
        used = [row for row in rows if row[column]]
        rest = [row for row in rows if not row[column]]
        while len(used) > 1:
            pivot, *others = sorted(used, key=lambda row: abs(row[column]))
            left = [_less(row, pivot, row[column] // pivot[column]) for row in others]
            used = [pivot, *(row for row in left if row[column])]
            rest += [row for row in left if not row[column]]
        found += used
        rows = [list(row) for row in {tuple(row) for row in rest} if any(row)]
    return found


def _less(row: list[int], other: list[int], times: int) -> list[int]:
    return [a - times * b for a, b in zip(row, other, strict=True)]
