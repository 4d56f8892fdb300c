"""Writing a potential into a folder that n2p2, LAMMPS and RuNNer read."""

import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np

from nearsight.announcing import announce
from nearsight.errors import MethodError, ModelError, NearsightError, StorageError
from nearsight.hdnnp.files import input_nn, repulsion_file, scaling_data
from nearsight.hdnnp.files.reading import read_potential
from nearsight.hdnnp.files.weights import WEIGHTS_FILES, weights_file, weights_text
from nearsight.hdnnp.networks import Network
from nearsight.hdnnp.potential import (
    ElementPotential,
    Normalization,
    Potential,
    Scaling,
)
from nearsight.hdnnp.symmetry_functions import RadialFunction, SymmetryFunction, network_order
from nearsight.hdnnp.units import name_of
from nearsight.remarks import Remark
from nearsight.storage import what_helps

_SCALING_KEYWORDS = {
    "none": (),
    "range": ("scale_symmetry_functions",),
    "center": ("center_symmetry_functions",),
    "range and center": ("scale_symmetry_functions", "center_symmetry_functions"),
    "sigma": ("scale_symmetry_functions_sigma",),
}

_STAGE = ".writing-"
"""How names of folders begin in which files are written before they take their places."""


def write_potential(potential: Potential, folder: str | os.PathLike[str]) -> None:
    """Write a potential as `input.nn`, `scaling.data` and one `weights.ZZZ.data` for each element.

    What is added to the networks, which n2p2 does not know, is in `prior.toml` beside them.

    Numbers have all digits, and what is written is read again and compared before it takes the
    place of anything. Without `input.nn`, which goes first and comes last, a folder is no
    potential: one whose writing was cut off is never a mixture of two.

    Parameters
    ----------
    potential
        What is written. n2p2 has one cutoff function for all symmetry functions, with any radii.
    folder
        It is made if it is not there. A potential that lies in it is replaced with all of its
        files; others stay.

    Raises
    ------
    MethodError
        The potential is nothing that the format holds.
    StorageError
        The files cannot be written; what was there is intact.

    Warns
    -----
    NearsightWarning
        n2p2 refuses networks that differ in these ways from element to element.
    """
    target = Path(folder)
    _require_writable(potential)
    try:
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=target))
        try:
            names = _write_files(potential, stage)
            _require_same(potential, stage, target)
            try:
                _put_in_place(stage, target, names)
            except KeyboardInterrupt:
                # What was there may be gone by now: the new one is to be there before this ends.
                _put_in_place(stage, target, names)
                raise
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"cannot write {target}: {error.strerror or error}; {what_helps(error)} or choose "
            f"another place."
        ) from error
    if not _n2p2_reads(potential):
        announce(
            [
                Remark(
                    "left-out-by-format",
                    "n2p2 and LAMMPS will refuse this potential: they read networks with "
                    "hidden layers, the same number of them, the same last of them and the same "
                    "activations for all elements. Nearsight reads it.",
                )
            ]
        )


def remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove what `write_potential` has left in a folder where it was killed.

    Nothing else may be writing there: its files are removed, too.
    """
    for stage in Path(folder).glob(f"{_STAGE}*"):
        shutil.rmtree(stage, ignore_errors=True)


def files_of_potential(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names of the files of a potential, or of part of one, that are in a folder."""
    names = (input_nn.FILE, scaling_data.FILE, repulsion_file.FILE)
    paths = [path for path in map(Path(folder).joinpath, names) if path.exists()]
    return [path.name for path in (*paths, *sorted(Path(folder).glob(WEIGHTS_FILES)))]


def _put_in_place(stage: Path, target: Path, names: Collection[str]) -> None:
    """Move files that are not there yet, `input.nn` last, and none while the former one is there.

    What was interrupted goes on where it was when it is called again.
    """
    if (stage / input_nn.FILE).exists():
        (target / input_nn.FILE).unlink(missing_ok=True)
        for name in files_of_potential(target):  # of a former one, with other elements perhaps
            if name not in names:
                (target / name).unlink()
    for name in names:
        if (stage / name).exists():
            (stage / name).replace(target / name)


def _write_files(potential: Potential, stage: Path) -> list[str]:
    """Write all files and return their names, `input.nn` last."""
    texts = {weights_file(each.symbol): weights_text(each.network) for each in potential.elements}
    texts[scaling_data.FILE] = scaling_data.scaling_text(potential)
    if potential.repulsion is not None:
        texts[repulsion_file.FILE] = repulsion_file.repulsion_text(potential)
    texts[input_nn.FILE] = _input_nn_text(potential)
    for name, lines in texts.items():
        with (stage / name).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    return list(texts)


def digits(value: float) -> str:
    """Return a number with all digits that it has."""
    return repr(float(value))


def _input_nn_text(potential: Potential) -> Iterator[str]:
    yield input_nn.UNITS_LINE.format(name_of(potential.units)) + "\n"
    if potential.repulsion is not None:
        yield input_nn.PRIOR_LINE + "\n"
        yield "# The networks alone, as n2p2 computes them, are not this potential. The sum in\n"
    yield f"# LAMMPS, units metal: {_pair_style(potential)}\n\n"
    shift = potential.normalization
    if shift != Normalization():
        yield f"mean_energy {digits(shift.mean_energy)}\n"
        yield f"conv_energy {digits(shift.conv_energy)}\n"
        yield f"conv_length {digits(shift.conv_length)}\n\n"
    yield f"number_of_elements {len(potential.elements)}\n"
    yield f"elements {' '.join(potential.symbols)}\n"
    for element in potential.elements:
        yield f"atom_energy {element.symbol} {digits(element.atomic_energy)}\n"
    cutoff = potential.elements[0].functions[0].cutoff
    yield f"\ncutoff_type {cutoff.kind} {digits(cutoff.inner)}\n"
    yield from _scaling_lines(potential.scaling)
    yield "\n"
    yield from _layer_lines(potential)
    yield "use_short_forces\n\n"  # without it nnp-dataset writes forces of zero, and says nothing
    for element in potential.elements:
        for function in element.functions:
            yield _function_line(function)


def _pair_style(potential: Potential) -> str:
    """Return the command of LAMMPS, whose factors lead from its units to those of the files."""
    units = potential.units
    radius = math.ceil(potential.cutoff_A * 1e4) / 1e4
    style = (
        f'hdnnp {radius} dir "." cflength {1 / units.length_A!r} cfenergy {1 / units.energy_eV!r}'
    )
    if potential.repulsion is not None:
        return repulsion_file.lammps_commands(potential, style)
    return f"pair_style {style}; pair_coeff * * {' '.join(potential.symbols)}"


def _scaling_lines(scaling: Scaling) -> Iterator[str]:
    for keyword in _SCALING_KEYWORDS[scaling.kind]:
        yield f"{keyword}\n"
    yield f"scale_min_short {digits(scaling.low)}\nscale_max_short {digits(scaling.high)}\n"


def _function_line(function: SymmetryFunction) -> str:
    radius = function.cutoff.radius
    if isinstance(function, RadialFunction):
        return (
            f"symfunction_short {function.centre} {function.kind} {function.neighbour} "
            f"{digits(function.eta)} {digits(function.shift)} {digits(radius)}\n"
        )
    shift = f" {digits(function.shift)}" if function.shift else ""
    return (
        f"symfunction_short {function.centre} {function.kind} {' '.join(function.neighbours)} "
        f"{digits(function.eta)} {function.sign:.1f} {digits(function.zeta)} {digits(radius)}"
        f"{shift}\n"
    )


def _nodes(network: Network) -> tuple[int, ...]:
    return network.sizes[1:-1]


def _activations(network: Network) -> tuple[str, ...]:
    return tuple(layer.activation for layer in network.layers)


def _n2p2_reads(potential: Potential) -> bool:
    """Return whether n2p2 takes the layers as they are.

    It asks for a hidden layer, takes lines of single elements for the nodes of all but the last
    hidden layer only, and not more than one line of activations and numbers of layers.
    """
    networks = [each.network for each in potential.elements]
    return (
        all(_nodes(each) for each in networks)
        and len({(len(_nodes(each)), _nodes(each)[-1]) for each in networks}) == 1
        and len(set(map(_activations, networks))) == 1
    )


def _layer_lines(potential: Potential) -> Iterator[str]:
    networks = {each.symbol: each.network for each in potential.elements}
    if not _n2p2_reads(potential):
        # No word for all elements: where n2p2 passes over what a line of one element says, it
        # would take that one, and other numbers without a word.
        for symbol, network in networks.items():
            yield f"element_hidden_layers_short {symbol} {len(_nodes(network))}\n"
            yield _line("element_nodes_short", symbol, *_nodes(network))
            yield _line("element_activation_short", symbol, *_activations(network))
        return
    usual = Counter(map(_nodes, networks.values())).most_common(1)[0][0]
    yield f"global_hidden_layers_short {len(usual)}\n"
    yield _line("global_nodes_short", *usual)
    yield _line("global_activation_short", *_activations(potential.elements[0].network))
    for symbol, network in networks.items():
        if _nodes(network) != usual:
            yield _line("element_nodes_short", symbol, *_nodes(network))


def _line(*words: object) -> str:
    return " ".join(map(str, words)) + "\n"


def _require_writable(potential: Potential) -> None:
    """Check what the format has no words for.

    Raises
    ------
    MethodError
        There is something of that kind.
    """
    kinds = {
        (one.cutoff.kind, one.cutoff.inner) for each in potential.elements for one in each.functions
    }
    if len(kinds) != 1:
        raise MethodError(
            f"n2p2 has one cutoff function, and one inner share of it, for all symmetry functions, "
            f"and these have {len(kinds)}; a potential with several cannot be written."
        )
    for element in potential.elements:
        if list(element.functions) != sorted(element.functions, key=network_order):
            raise MethodError(
                f"the symmetry functions of {element.symbol} are not in the order that n2p2 gives "
                f"them; sort them, their statistics and the inputs of the network by "
                f"“network_order”."
            )
        for function in element.functions:
            if function.centre != element.symbol:
                raise MethodError(
                    f"a symmetry function of {element.symbol} is centred on {function.centre}."
                )


def _require_same(potential: Potential, stage: Path, target: Path) -> None:
    """Check that what was written is read as what it was made of.

    Raises
    ------
    MethodError
        It is not, since it has values that no potential may have.
    """
    try:
        again = read_potential(stage)
    except ModelError as error:
        reason = str(error).replace(str(stage), str(target))
        raise MethodError(f"this potential would not be read again: {reason}") from error
    if not same_potential(potential, again):
        raise NearsightError(f"{target} would hold other numbers than the potential; report this.")


def same_potential(first: Potential, second: Potential) -> bool:
    """Return whether two potentials are equal to the last digit.

    Parameters
    ----------
    first, second
        The potentials.
    """
    plain = ("scaling", "normalization", "units", "symbols", "repulsion")
    return all(getattr(first, name) == getattr(second, name) for name in plain) and all(
        map(_same_element, first.elements, second.elements)
    )


def _same_element(first: ElementPotential, second: ElementPotential) -> bool:
    plain = ("functions", "atomic_energy")
    networks = (first.network, second.network)
    return (
        all(getattr(first, name) == getattr(second, name) for name in plain)
        and networks[0].sizes == networks[1].sizes
        and _activations(networks[0]) == _activations(networks[1])
        and all(
            np.array_equal(ours, theirs, equal_nan=True)
            for ours, theirs in zip(_arrays(first), _arrays(second), strict=True)
        )
    )


def _arrays(element: ElementPotential) -> Iterable[np.ndarray]:
    yield from vars(element.statistics).values()
    for layer in element.network.layers:
        yield from (layer.weights, layer.biases)
