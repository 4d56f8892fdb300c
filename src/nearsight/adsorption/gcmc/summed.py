"""A level that is the sum of two."""

from collections.abc import Mapping
from dataclasses import dataclass

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.levels import Level, Memory
from nearsight.adsorption.gcmc.moves import Proposals
from nearsight.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Summed:
    """The energies of two levels together, each with a memory of its own."""

    first: Level
    second: Level

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``."""
        return self.first.energies_eV(guests) + self.second.energies_eV(guests)

    def memory(self, guests: Guests) -> Memory:
        """Return both memories in one."""
        first, second = self.first.memory(guests), self.second.memory(guests)
        return Memory(
            {**_named("first", first.of_chains), **_named("second", second.of_chains)},
            {**_named("first", first.of_molecules), **_named("second", second.of_molecules)},
        )

    def changes_eV(
        self, guests: Guests, memory: Memory, proposals: Proposals, asked: BoolArray
    ) -> FloatArray:
        """Return the sums of both changes."""
        first = self.first.changes_eV(guests, _of("first", memory), proposals, asked)
        return first + self.second.changes_eV(guests, _of("second", memory), proposals, asked)

    def follow(
        self, guests: Guests, memory: Memory, proposals: Proposals, accepted: BoolArray
    ) -> None:
        """Let both follow."""
        self.first.follow(guests, _of("first", memory), proposals, accepted)
        self.second.follow(guests, _of("second", memory), proposals, accepted)


def _named(level: str, arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    return {f"{level}.{name}": array for name, array in arrays.items()}


def _of(level: str, memory: Memory) -> Memory:
    """Return the memory of one level, whose arrays are those of the whole."""
    return Memory(_without(level, memory.of_chains), _without(level, memory.of_molecules))


def _without(level: str, arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    start = f"{level}."
    return {
        name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)
    }
