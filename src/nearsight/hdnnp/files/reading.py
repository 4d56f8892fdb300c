"""Reading a potential out of a folder of n2p2 or RuNNer."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ase.data import atomic_numbers

from nearsight.errors import MethodError, ModelError
from nearsight.hdnnp.born_mayer import BornMayer
from nearsight.hdnnp.files import input_nn, repulsion_file, scaling_data
from nearsight.hdnnp.files.architecture import architecture
from nearsight.hdnnp.files.function_order import require_order
from nearsight.hdnnp.files.input_nn import InputNN, read_input_nn
from nearsight.hdnnp.files.lines import Line, shown
from nearsight.hdnnp.files.repulsion_file import read_repulsion
from nearsight.hdnnp.files.symmetry_lines import symmetry_functions
from nearsight.hdnnp.files.weights import read_weights, weights_file
from nearsight.hdnnp.networks import Network
from nearsight.hdnnp.potential import (
    ElementPotential,
    Normalization,
    Potential,
    PotentialUnits,
    Scaling,
)
from nearsight.hdnnp.units import name_of
from nearsight.hdnnp.zbl import ZBL

_SCALINGS = {
    (False, False, False): "none",
    (True, False, False): "range",
    (False, True, False): "center",
    (True, True, False): "range and center",
    (False, False, True): "sigma",
}
_ATOMIC_UNITS = PotentialUnits("bohr", "hartree")


@dataclass(frozen=True, eq=False)
class PotentialFiles:
    """A potential, and where it is from."""

    potential: Potential
    folder: Path
    dialect: str
    """``n2p2``, whose files those of RuNNer 1 are, or ``RuNNer 2``."""
    units_from: str
    """How its units are known, as a sentence goes on after “its units are”."""
    without_effect: tuple[str, ...]
    """Keywords of `input.nn` that concern training or output only, sorted."""
    sha256: str
    """Digest of all of its files and its units."""


def read_potential(
    folder: str | os.PathLike[str], units: PotentialUnits | None = None
) -> Potential:
    """Return the potential that is in a folder.

    Parameters
    ----------
    folder
        With `input.nn`, `scaling.data` and `weights.ZZZ.data` as n2p2, LAMMPS and RuNNer have them.
    units
        Those of the numbers in the files. They are needed where the files do not say: n2p2 works in
        any, and only what Nearsight has written, or RuNNer 2, tells.

    Raises
    ------
    ModelError
        Something is missing, damaged, contradicts itself, or is not computed by Nearsight; the
        message has file and line.
    """
    return open_potential(folder, units).potential


def open_potential(
    folder: str | os.PathLike[str], units: PotentialUnits | None = None
) -> PotentialFiles:
    """Return the potential that is in a folder, with what there is to say of its files.

    Parameters and errors are those of `read_potential`.

    Parameters
    ----------
    folder
        Where the files are.
    units
        Units of length and energy, where the files do not say them.
    """
    path = Path(folder)
    _require_potential(path)
    said = read_input_nn(path / input_nn.FILE)
    symbols = _elements(said)
    functions = symmetry_functions(said, symbols)
    largest = max(one.cutoff.radius for those in functions.values() for one in those)
    stated, units_from = _units(said, units, largest)
    scaling = _scaling(said)
    statistics = scaling_data.read_scaling(
        path / scaling_data.FILE,
        symbols,
        [len(functions[symbol]) for symbol in symbols],
        scaling.kind,
    )
    energies = _atomic_energies(said, symbols)
    elements = []
    for symbol, of_functions in zip(symbols, statistics, strict=True):
        if said.is_runner_2:
            require_order(path / scaling_data.FILE, functions[symbol], of_functions)
        layers = architecture(said, symbol)
        file = path / weights_file(symbol)
        network = read_weights(file, symbol, len(functions[symbol]), layers)
        if said.switched_on("normalize_nodes"):
            network = _with_normalized_nodes(network)
        elements.append(
            ElementPotential(symbol, functions[symbol], of_functions, network, energies[symbol])
        )
    repulsion = _repulsion(path, said)
    try:
        potential = Potential(tuple(elements), scaling, _normalization(said), stated, repulsion)
    except MethodError as error:
        raise ModelError(f"{path}: {error}") from error
    return PotentialFiles(
        potential=potential,
        folder=path,
        dialect="RuNNer 2" if said.is_runner_2 else "n2p2",
        units_from=units_from,
        without_effect=said.without_effect,
        sha256=_digest(path, symbols, stated, plus_prior=said.plus_prior),
    )


def _require_potential(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder; name the one that has “{input_nn.FILE}”.")
    if not (folder / input_nn.FILE).exists():
        below = [  # those of a training: best and last, or those of each member
            each.parent
            for pattern in (f"*/{input_nn.FILE}", f"*/*/{input_nn.FILE}")
            for each in sorted(folder.glob(pattern))
        ]
        such_as = f", such as {below[0]}" if below else ""
        raise ModelError(
            f"{folder / input_nn.FILE} is missing; name the folder that has it{such_as}."
        )


def _elements(said: InputNN) -> tuple[str, ...]:
    """Return the elements in the order of their atomic numbers, whatever that of the line."""
    line = said.required("elements")
    for symbol in line.arguments:
        if atomic_numbers.get(symbol, 0) == 0:
            raise line.error(f"{shown(symbol)} is no element; correct it.")
    if not line.arguments or len(set(line.arguments)) < len(line.arguments):
        raise line.error("it names each element of the potential once; correct it.")
    count = said.one("number_of_elements")
    if count is None and not said.is_runner_2:
        count = said.required("number_of_elements")
    if count is not None and count.count(1, "“number_of_elements”") != len(line.arguments):
        raise count.error(
            f"“number_of_elements” is {count.words[1]}, and line {line.number} names "
            f"{len(line.arguments)} elements; correct one of the two."
        )
    for keyword in ("atom_energy", "element_hidden_layers_short", "element_nodes_short"):
        _require_elements(said.all(keyword), line)
    _require_elements(said.all("element_activation_short"), line)
    return tuple(sorted(line.arguments, key=atomic_numbers.__getitem__))


def _require_elements(lines: Sequence[Line], elements: Line) -> None:
    for line in lines:
        symbol = (*line.arguments, "")[0]
        if symbol not in elements.arguments:
            raise line.error(
                f"{shown(symbol)} is none of the elements in line {elements.number} "
                f"({', '.join(elements.arguments)}); correct one of the two."
            )


def _units(
    said: InputNN, given: PotentialUnits | None, largest_cutoff: float
) -> tuple[PotentialUnits, str]:
    if said.units is not None:
        if given is not None and given != said.units:
            raise said.error(
                f"its units are {name_of(said.units)} as it says, not {name_of(given)} as "
                f"given; name none."
            )
        return said.units, "those that “input.nn” names"
    if given is not None:
        return given, "those that were given, since “input.nn” names none"
    if said.is_runner_2:
        return _ATOMIC_UNITS, "bohr and hartree, as RuNNer 2 has them"
    raise said.error(
        f"the file does not say its units, and n2p2 works in any. Name them, angstrom,eV or "
        f"bohr,hartree (RuNNer's): of a model as in hdnnp:FOLDER?units=bohr,hartree, of a test by "
        f"`potential_units`, of a conversion by `from_units`. Or add the "
        f"line {input_nn.UNITS_LINE.format('angstrom,eV')!r}, which other programs pass over. The "
        f"largest cutoff radius, {largest_cutoff:g}, would be {largest_cutoff:.4g} Å or "
        f"{largest_cutoff * _ATOMIC_UNITS.length_A:.4g} Å."
    )


def _scaling(said: InputNN) -> Scaling:
    names = (
        "scale_symmetry_functions",
        "center_symmetry_functions",
        "scale_symmetry_functions_sigma",
    )
    switched = tuple(said.switched_on(name) for name in names)
    kind = _SCALINGS.get((switched[0], switched[1], switched[2]))
    if kind is None:
        line = said.required(names[2])
        raise line.error(
            f"“{line.keyword}” contradicts “{names[0]}” and “{names[1]}”, of which one is there, "
            f"too; leave the one by which the potential was trained."
        )
    low, high = said.real("scale_min_short", 0.0), said.real("scale_max_short", 1.0)
    if low >= high:
        raise said.error(
            f"“scale_min_short” is {low:g} and “scale_max_short” {high:g}; the first is to be "
            f"smaller."
        )
    return Scaling(kind, low, high)


def _normalization(said: InputNN) -> Normalization:
    names = ("mean_energy", "conv_energy", "conv_length")
    there = [name for name in names if said.one(name) is not None]
    if there and len(there) < len(names):
        raise said.required(there[0]).error(
            f"of {', '.join(f'“{name}”' for name in names)} all three are there or none; add what "
            f"is missing."
        )
    for name in there[1:]:
        if not said.real(name, 1.0) > 0:
            raise said.required(name).error(f"“{name}” is above 0; correct it.")
    return Normalization(*(said.real(*pair) for pair in zip(names, (0.0, 1.0, 1.0), strict=True)))


def _atomic_energies(said: InputNN, symbols: Sequence[str]) -> dict[str, float]:
    lines = said.all("atom_energy")
    switched_on = said.switched_on("remove_atom_energies")
    if lines and said.is_runner_1 and not switched_on:
        raise lines[0].error(
            "RuNNer counts “atom_energy” only if “remove_atom_energies” is there, n2p2 always; add "
            "that keyword if the potential was trained without these energies, or take them out."
        )
    energies: dict[str, float] = {}
    for line in lines:
        symbol = line.arguments[0]
        if symbol in energies or len(line.arguments) != 2:
            raise line.error(
                f"“atom_energy” has an element and its energy behind it, once for each; correct "
                f"the line of {symbol}."
            )
        energies[symbol] = line.real(2, f"the energy of {symbol}")
    missing = [symbol for symbol in symbols if symbol not in energies]
    if missing and switched_on:
        raise said.error(
            f"“remove_atom_energies” is there, but no “atom_energy” of {', '.join(missing)}; "
            f"add it."
        )
    return {symbol: energies.get(symbol, 0.0) for symbol in symbols}


def _with_normalized_nodes(network: Network) -> Network:
    """Return the same function without `normalize_nodes`, which divides by the number of inputs."""
    return Network(
        tuple(
            replace(
                layer,
                weights=layer.weights / layer.weights.shape[1],
                biases=layer.biases / layer.weights.shape[1],
            )
            for layer in network.layers
        )
    )


def _repulsion(folder: Path, said: InputNN) -> ZBL | BornMayer | None:
    """Return what is added to the networks, of which two files must say the same."""
    file = folder / repulsion_file.FILE
    if said.plus_prior:
        return read_repulsion(file)
    if file.exists():
        raise said.error(
            f"{file} would be added to the networks, and this file does not say so; take it away "
            f"if they were trained without, or add the line {input_nn.PRIOR_LINE!r}."
        )
    return None


def _digest(
    folder: Path, symbols: Sequence[str], units: PotentialUnits, *, plus_prior: bool
) -> str:
    digest = hashlib.sha256(name_of(units).encode())
    prior = (repulsion_file.FILE,) if plus_prior else ()
    for name in (input_nn.FILE, scaling_data.FILE, *map(weights_file, symbols), *prior):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
