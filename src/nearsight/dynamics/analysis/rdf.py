"""Radial distribution functions g(r), in total and by elements, and coordination numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from nearsight.announcing import announces
from nearsight.arrays import FloatArray, IntArray
from nearsight.charts.chart import INK, N_DASHES, Axis, Chart, Limit, Line
from nearsight.charts.on_axes import draw
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.unwrapping import fractional, widths_A
from nearsight.errors import MethodError
from nearsight.memory import require_room
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress, as_progress
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph
from nearsight.structures.pairs import pairs_of

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

_N_BLOCKS = 5
_BYTES_OF_PAIR = 250
"""Up to 233 were measured."""
_LONGEST_BOND_A = 3.0
_TOWERS = 8.0
"""Peaks of bonds that are so many times as high as all else would hide it in a chart."""


@dataclass(frozen=True, eq=False)
class RadialDistribution(ShownInNotebooks):
    """How often atoms are at a distance, relative to atoms that were spread evenly.

    g_AB(r) = <n_AB(r) V / (N_A N_B 4πr²dr)> with the volume of each frame (M. P. Allen and
    D. J. Tildesley, *Computer Simulation of Liquids*, 2nd ed. 2017, section 2.6). An ideal gas of N
    atoms in a box has 1 - 1/N between equal elements, since an atom is not around itself.
    """

    distances_A: FloatArray = field(repr=False)
    """Middle of each shell, shape ``(n_shells,)``."""
    width_A: float
    """Thickness of a shell."""
    total: FloatArray = field(repr=False)
    """g(r) of all atoms, whatever they are, shape ``(n_shells,)``."""
    partial: Mapping[tuple[str, str], FloatArray] = field(repr=False)
    """g(r) of each two elements, in alphabetical order."""
    total_error: FloatArray | None = field(repr=False)
    """Standard error of the total from blocks of frames; None of fewer than ten frames."""
    around: Mapping[tuple[str, str], FloatArray] = field(repr=False)
    """How many atoms of the second element are around one of the first up to the outer end of each
    shell, shape ``(n_shells,)``."""
    n_frames: int
    source: str
    """The trajectory."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        of = ", ".join("-".join(pair) for pair in self.partial)
        return paragraph(self, of, f"up to {self.farthest_A:.3g} Å", f"{self.n_frames} frames")

    @property
    def farthest_A(self) -> float:
        """Up to where it is known, in Å."""
        return float(self.distances_A[-1] + self.width_A / 2)

    def coordination_number(self, centre: str, neighbour: str, within_A: float) -> float:
        """Return how many atoms of one element are around an atom of another.

        Parameters
        ----------
        centre, neighbour
            Elements.
        within_A
            Up to this distance in Å, such as the first minimum of g(r).

        Raises
        ------
        MethodError
            There is no such element, or the distance is beyond what is known.
        """
        if (centre, neighbour) not in self.around:
            known = ", ".join(sorted({element for pair in self.around for element in pair}))
            raise MethodError(f"no {neighbour} can be around a {centre}; elements are {known}.")
        if not 0 < within_A <= self.farthest_A * (1 + 1e-9):
            raise MethodError(
                f"{within_A:g} Å is not between 0 and {self.farthest_A:.4g} Å, up to where pairs "
                f"were counted."
            )
        ends = np.append(0.0, self.distances_A + self.width_A / 2)
        return float(np.interp(within_A, ends, np.append(0.0, self.around[centre, neighbour])))

    def plot(self, ax: "Axes") -> None:
        """Draw the functions into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return g(r) of each two elements, and of all atoms if there are several."""
        names = {pair: "-".join(pair) for pair in self.partial}
        highest = max(float(values.max()) for values in (*self.partial.values(), self.total))
        high = self._shown_up_to(highest)
        lines = [
            Line(self.distances_A, np.minimum(values, high), names[pair], dash=index % N_DASHES)
            for index, (pair, values) in enumerate(self.partial.items())
        ]
        if len(lines) > 1:
            total = np.minimum(self.total, high)
            lines.append(Line(self.distances_A, total, "total", INK, width=1.15))
        peaks = ", ".join(
            f"{self.distances_A[int(values.argmax())]:.2f} Å ({values.max():.3g}) for {names[pair]}"
            for pair, values in self.partial.items()
        )
        return Chart(
            "Radial distribution function",
            Axis("distance / Å", 0.0, self.farthest_A),
            Axis("g(r)" if high >= highest else "g(r), peaks of bonds cut off", 0.0, high),
            (Limit(1.0), *lines),
            f"Radial distribution functions, highest at {peaks}.",
        )

    def _shown_up_to(self, highest: float) -> float:
        """Return where the axis of a chart ends, above what lies between molecules."""
        beyond = self.distances_A > _LONGEST_BOND_A
        if beyond.any():
            between = max(float(values[beyond].max()) for values in self.partial.values())
            if highest > _TOWERS * max(between, 1.0):
                return 1.5 * max(between, 1.0)
        return 1.08 * max(highest, 1.0)


@announces
def radial_distribution(
    trajectory: Trajectory,
    *,
    farthest_A: float | None = None,
    width_A: float = 0.05,
    progress: Progress | bool | None = None,
) -> RadialDistribution:
    """Count pairs of atoms by distance.

    Parameters
    ----------
    trajectory
        Frames of a crystal, liquid or dense gas.
    farthest_A
        Up to which distance in Å; by default up to half of the smallest width that the cell has in
        any frame. Farther, pairs with periodic images count, too, which is remarked: they say again
        what the cell has already.
    width_A
        Thickness of a shell in Å.
    progress
        Where progress goes; True for a bar.

    Raises
    ------
    MethodError
        The structure is not periodic in three directions, or a length is none.
    MemoryBudgetError
        There are too many pairs.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.io import write
    >>> from nearsight.dynamics.analysis import radial_distribution, read_trajectory
    >>> frames = [bulk("Cu", cubic=True) * (3, 3, 3) for _ in range(4)]
    >>> for seed, frame in enumerate(frames):
    ...     frame.rattle(0.05, seed=seed)
    ...
    >>> write("copper.extxyz", frames)
    >>> around = radial_distribution(read_trajectory("copper.extxyz", interval_fs=10.0))
    >>> print(f"highest at {around.distances_A[around.total.argmax()]:.2f} Å")
    highest at 2.53 Å
    """
    trajectory.require_volume()
    half_A = float(widths_A(trajectory.cells_A, trajectory.pbc).min()) / 2
    farthest_A = half_A if farthest_A is None else farthest_A
    if not 0 < width_A < farthest_A < np.inf:
        raise MethodError(
            f"shells of {width_A} Å up to {farthest_A} Å cannot be: give `width_A` above 0 and "
            f"below `farthest_A`."
        )
    _require_room(trajectory, farthest_A)
    n_shells = max(int(farthest_A / width_A + 1e-9), 1)
    blocks = _Blocks.of(trajectory, n_shells, width_A, as_progress(progress))
    ends = width_A * np.arange(n_shells + 1)
    shells_A3 = 4.0 / 3.0 * np.pi * np.diff(ends**3)
    symbols = np.array(trajectory.symbols)
    elements = [str(symbol) for symbol in np.unique(symbols)]
    n_of = [int((symbols == element).sum()) for element in elements]
    per_density = blocks.times_volume_A3.sum(axis=0) / len(trajectory) / shells_A3
    partial = {
        (elements[a], elements[b]): per_density[a, b] / (n_of[a] * n_of[b])
        for a, b in combinations_with_replacement(range(len(elements)), 2)
    }
    around = {
        (first, second): np.cumsum(blocks.counts[a, b]) / (len(trajectory) * n_of[a])
        for a, first in enumerate(elements)
        for b, second in enumerate(elements)
    }
    of_blocks = blocks.times_volume_A3.sum(axis=(1, 2)) / shells_A3 / len(symbols) ** 2
    return RadialDistribution(
        distances_A=(ends[1:] + ends[:-1]) / 2,
        width_A=width_A,
        total=per_density.sum(axis=(0, 1)) / len(symbols) ** 2,
        partial=partial,
        total_error=_error(of_blocks, blocks.n_frames),
        around=around,
        n_frames=len(trajectory),
        source=trajectory.source,
        warnings=tuple(_remarks(farthest_A, half_A)),
    )


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Ordered pairs of elements by shell, summed over frames that follow each other."""

    counts: FloatArray
    """Of all frames, shape ``(n_elements, n_elements, n_shells)``."""
    times_volume_A3: FloatArray
    """The same times the volume of each frame, for each block, ``(n_blocks, ...)``."""
    n_frames: FloatArray
    """Frames of each block."""

    @classmethod
    def of(
        cls, trajectory: Trajectory, n_shells: int, width_A: float, progress: Progress
    ) -> "_Blocks":
        _, kinds = np.unique(np.array(trajectory.symbols), return_inverse=True)
        n_kinds = int(kinds.max()) + 1
        volumes = trajectory.volumes_A3
        counts = np.zeros((n_kinds, n_kinds, n_shells))
        times_volume = np.zeros((_N_BLOCKS, n_kinds, n_kinds, n_shells))
        n_frames = np.zeros(_N_BLOCKS)
        with progress.task("frames", len(trajectory)) as advance:
            for index in range(len(trajectory)):
                first, second, lengths = _pairs(trajectory, index, n_shells * width_A)
                shells = np.minimum((lengths / width_A).astype(np.int64), n_shells - 1)
                places = (kinds[first] * n_kinds + kinds[second]) * n_shells + shells
                found = np.bincount(places, minlength=counts.size).reshape(counts.shape)
                block = index * _N_BLOCKS // len(trajectory)
                counts += found
                times_volume[block] += found * volumes[index]
                n_frames[block] += 1
                advance(index + 1, "")
        return cls(counts, times_volume, n_frames)


def _require_room(trajectory: Trajectory, farthest_A: float) -> None:
    """Check that the pairs of a frame fit into the memory."""
    in_sphere = 4.0 / 3.0 * np.pi * farthest_A**3 / float(trajectory.volumes_A3.min())
    n_pairs = int(trajectory.n_atoms**2 * in_sphere)
    require_room(
        n_pairs * _BYTES_OF_PAIR,
        f"counting some {n_pairs:.2g} pairs of a frame up to {farthest_A:g} Å",
        "Take a smaller `farthest_A`.",
    )


def _pairs(
    trajectory: Trajectory, index: int, cutoff_A: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of a frame in both directions, and their lengths in Å."""
    frame = trajectory.frame(index)
    cells = trajectory.cells_A[index : index + 1]
    # Paths may have led far away, where positions have fewer digits.
    scaled = fractional(trajectory.positions_A[index : index + 1], cells, trajectory.pbc)[0]
    frame.positions = (scaled % 1.0) @ cells[0]
    pairs = pairs_of(frame, cutoff_A)
    return pairs.first, pairs.second, np.linalg.norm(pairs.vectors_A(), axis=1)


def _error(of_blocks: FloatArray, n_frames: FloatArray) -> FloatArray | None:
    """Return the standard error of the mean over frames from those of blocks."""
    if n_frames.min() < 2:
        return None
    means = of_blocks / n_frames[:, np.newaxis]
    error: FloatArray = means.std(axis=0, ddof=1) / np.sqrt(_N_BLOCKS)
    return error


def _remarks(farthest_A: float, half_A: float) -> Iterator[Remark]:
    if farthest_A > half_A * (1 + 1e-9):
        yield Remark(
            "images-counted",
            f"g(r) beyond {half_A:.4g} Å, half of the smallest width of the cell, repeats what the "
            f"cell has through its periodic images.",
        )
