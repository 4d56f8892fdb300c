"""From labelled data to the potential that a training begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.hdnnp.born_mayer import BornMayer
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential, compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.kernels.neighbourhoods import neighbourhoods
from nearsight.hdnnp.kernels.symmetry_kernels import symmetry_functions
from nearsight.hdnnp.networks import Layer, Network
from nearsight.hdnnp.potential import (
    ElementPotential,
    FunctionStatistics,
    Normalization,
    Potential,
    Scaling,
)
from nearsight.hdnnp.symmetry_functions import SymmetryFunction, function_name
from nearsight.hdnnp.zbl import ZBL
from nearsight.remarks import Remark
from nearsight.structures.pairs import pairs_of
from nearsight.training.atomic_energies import (
    atomic_energies,
    beyond_fit,
    mean_and_spread_eV_per_atom,
)
from nearsight.training.initial_weights import initial_network
from nearsight.training.labelled import LabelledData, LabelledStructure
from nearsight.training.proposing import Pair, propose_functions, shortest_distances_A
from nearsight.training.settings import FunctionSettings, TrainingSettings
from nearsight.training.splitting import Split, split
from nearsight.training.statistics import Moments, telling_functions
from nearsight.training.walls import fitted_walls

_MOST_NAMED = 3


@dataclass(frozen=True)
class LeftOut:
    """A symmetry function that tells nothing over the training data."""

    function: SymmetryFunction
    reason: str
    """``constant`` or ``correlated``; see `telling_functions`."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a training begins with; the same data and settings give the same to the bit."""

    data: tuple[LabelledStructure, ...]
    """As it was given."""
    structures: tuple[LabelledStructure, ...]
    """What networks learn: the same, less the repulsion that they are added to."""
    split: Split
    potential: Potential
    """With first weights, statistics of the training data, and its normalization."""
    left_out: tuple[LeftOut, ...]
    """Functions that were proposed, and have no part in the potential."""
    shortest_A: Mapping[Pair, float]
    """Closest distances of pairs of elements in what is learnt."""
    warnings: tuple[Remark, ...]


def prepare(
    data: LabelledData,
    settings: TrainingSettings,
    reaches_A: Mapping[Pair, float] | None = None,
) -> Prepared:
    """Return the first potential for some data, in eV and Å.

    Parameters
    ----------
    data
        What is learnt and tested; only what is learnt decides on the potential.
    settings
        Split, symmetry functions, networks.
    reaches_A
        See `propose_functions`.

    Raises
    ------
    MethodError
        The split leaves nothing, an element has no neighbours, or all forces are zero.
    """
    parts = split(data.structures, settings.data, np.random.default_rng(settings.data.split_seed))
    learnt = [data.structures[place] for place in parts.train]
    symbols = data.symbols
    _require_learnt(learnt, data)
    shortest = shortest_distances_A(learnt, settings.functions.cutoff_radius_A)
    proposed = propose_functions(symbols, shortest, settings.functions, reaches_A)
    for symbol, of_element in proposed.items():
        if not of_element:
            raise _nothing_seen(symbol, settings.functions)
    functions, statistics, left_out = _telling(proposed, learnt, settings.functions)
    n_proposed = sum(map(len, proposed.values()))
    remarks = _said(left_out, n_proposed)
    if reaches_A is not None:
        everywhere = propose_functions(symbols, shortest, settings.functions)
        remarks += _beyond_reach(n_proposed, sum(map(len, everywhere.values())))
    repulsion = _repulsion(learnt, shortest, settings)
    structures = data.structures
    if repulsion is not None:
        alone = compile_potential(replace(_unscaled(proposed), repulsion=repulsion))
        structures = tuple(_less(alone, each) for each in structures)
        learnt = [structures[place] for place in parts.train]
    given_eV = settings.data.given_atomic_energies_eV()
    free = atomic_energies(learnt, symbols, given_eV)
    if not given_eV:
        tested = [data.structures[place] for place in parts.test]
        remarks += _unknown_atoms(beyond_fit(learnt, tested, symbols))
    scaling = Scaling(settings.network.scaling.replace("-", " "))
    blank = Potential(
        tuple(
            ElementPotential(symbol, functions[symbol], statistics[symbol], blank_network, energy)
            for symbol, energy in free.items()
            for blank_network in [_blank(len(functions[symbol]))]
        ),
        scaling,
    )
    drawn = _with_first_weights(blank, settings)
    normalization = _normalization(drawn, learnt, settings)
    potential = replace(drawn, normalization=normalization, repulsion=repulsion)
    return Prepared(
        data=data.structures,
        structures=structures,
        split=parts,
        potential=potential,
        left_out=left_out,
        shortest_A=shortest,
        warnings=(*data.warnings, *remarks),
    )


def _repulsion(
    learnt: Sequence[LabelledStructure],
    shortest_A: Mapping[Pair, float],
    settings: TrainingSettings,
) -> ZBL | BornMayer | None:
    """Return what the networks are added to."""
    radii_A = settings.prior.radii_A(settings.functions.cutoff_radius_A)
    if radii_A is None:
        return None
    nuclei = ZBL(*radii_A)
    if settings.prior.prior == ZBL.kind:
        return nuclei
    return BornMayer(fitted_walls(learnt, shortest_A), nuclei)


def _less(repulsion: CompiledPotential, structure: LabelledStructure) -> LabelledStructure:
    """Return a structure with labels from which a potential of nothing else is taken off."""
    pairs = pairs_of(structure.atoms, repulsion.cutoff_A)
    evaluation = evaluate(repulsion, structure.atoms.numbers, pairs)
    assert evaluation.forces_eV_per_A is not None
    return replace(
        structure,
        energy_eV=structure.energy_eV - evaluation.energy_eV,
        forces_eV_per_A=structure.forces_eV_per_A - evaluation.forces_eV_per_A,
    )


def function_values(
    compiled: CompiledPotential, structure: LabelledStructure
) -> tuple[IntArray, FloatArray]:
    """Return elements of the atoms by index, and symmetry functions, ``(n_atoms, n_inputs)``."""
    elements = compiled.elements_of(structure.atoms.numbers)
    hoods = neighbourhoods(compiled, elements, pairs_of(structure.atoms, compiled.cutoff_A))
    values = np.zeros((len(elements), compiled.n_inputs))
    symmetry_functions(compiled.functions, hoods, values)
    return elements, values


def _telling(
    proposed: Mapping[str, Sequence[SymmetryFunction]],
    structures: Sequence[LabelledStructure],
    settings: FunctionSettings,
) -> tuple[
    dict[str, tuple[SymmetryFunction, ...]], dict[str, FunctionStatistics], tuple[LeftOut, ...]
]:
    """Return the functions that tell something, their statistics, and what was left out."""
    compiled = compile_potential(_unscaled(proposed))
    moments = [Moments(len(functions)) for functions in proposed.values()]
    for structure in structures:
        elements, values = function_values(compiled, structure)
        for index, of_element in enumerate(moments):
            of_element.add(values[elements == index, : len(of_element.mean)])
    functions, statistics = {}, {}
    left_out: list[LeftOut] = []
    for (symbol, all_functions), of_element in zip(proposed.items(), moments, strict=True):
        staying, reasons = telling_functions(
            of_element,
            smallest_range=settings.smallest_range,
            largest_correlation=settings.largest_correlation,
        )
        if len(staying) == 0:
            raise _nothing_seen(symbol, settings)
        functions[symbol] = tuple(all_functions[place] for place in staying)
        statistics[symbol] = of_element.statistics(staying)
        others = [each for each in all_functions if each not in functions[symbol]]
        left_out += map(LeftOut, others, reasons)
    return functions, statistics, tuple(left_out)


def _unscaled(proposed: Mapping[str, Sequence[SymmetryFunction]]) -> Potential:
    elements = []
    for symbol, functions in proposed.items():
        zeros = np.zeros(len(functions))
        nothing = FunctionStatistics(zeros, zeros, zeros, zeros)
        elements.append(ElementPotential(symbol, tuple(functions), nothing, _blank(len(functions))))
    return Potential(tuple(elements), Scaling("none"))


def _blank(n_inputs: int) -> Network:
    return Network((Layer(np.zeros((1, n_inputs)), np.zeros(1), "l"),))


def _with_first_weights(potential: Potential, settings: TrainingSettings) -> Potential:
    networks = compile_potential(potential).networks
    random = np.random.default_rng([settings.network.seed, 0])
    elements = []
    for index, each in enumerate(potential.elements):
        inputs = slice(len(each.functions))
        factors = networks.input_factors[index, inputs]
        offsets = networks.input_offsets[index, inputs]
        network = initial_network(
            factors * each.statistics.smallest + offsets,
            factors * each.statistics.largest + offsets,
            settings.network,
            random,
        )
        elements.append(replace(each, network=network))
    return replace(potential, elements=tuple(elements))


def _normalization(
    potential: Potential, structures: Sequence[LabelledStructure], settings: TrainingSettings
) -> Normalization:
    """Return the units of the training, of a potential that has none yet.

    ``force``: components of forces have a mean square of 1, those of the data as those of the
    first networks. ``ref``: energies per atom have a standard deviation of 1, and components of
    the forces of the data a mean square of 1. In both the mean energy per atom is 0.
    """
    kind = settings.data.normalization
    if kind == "none":
        return Normalization()
    free = {each.symbol: each.atomic_energy for each in potential.elements}
    mean, spread = mean_and_spread_eV_per_atom(structures, free)
    of_data = _root_mean_square([each.forces_eV_per_A for each in structures])
    if not of_data > 0:
        raise MethodError(
            "all forces of the training data are zero, and have no size that others could be "
            "compared with; give structures that are not at rest."
        )
    if kind == "ref":
        if not spread > 0:
            raise MethodError(
                "all energies of the training data are explained by those of free atoms: "
                "`normalization` ref has no unit for them; use force."
            )
        conv_energy = 1.0 / spread
        return Normalization(mean, conv_energy, of_data * conv_energy)
    compiled = compile_potential(potential)
    forces = []
    for each in structures:
        pairs = pairs_of(each.atoms, compiled.cutoff_A)
        predicted = evaluate(compiled, each.atoms.numbers, pairs).forces_eV_per_A
        assert predicted is not None
        forces.append(predicted)
    of_networks = _root_mean_square(forces)
    return Normalization(mean, of_networks / of_data, of_networks)


def _root_mean_square(arrays: Sequence[FloatArray]) -> float:
    total = sum(float(np.sum(each**2)) for each in arrays)
    return float(np.sqrt(total / sum(each.size for each in arrays)))


def _require_learnt(learnt: Sequence[LabelledStructure], data: LabelledData) -> None:
    known = LabelledData(tuple(learnt)).symbols
    missing = [symbol for symbol in data.symbols if symbol not in known]
    if missing:
        raise MethodError(
            f"all structures with {', '.join(missing)} are kept for tests, so that nothing is "
            f"learnt of it; choose another `split`, or another `split_seed`."
        )


def _nothing_seen(symbol: str, settings: FunctionSettings) -> MethodError:
    return MethodError(
        f"nothing changes around {symbol} within {settings.cutoff_radius_A:g} Å in the training "
        f"data, so that it has no symmetry functions; give a larger `cutoff_A`, or more structures."
    )


def _beyond_reach(n_proposed: int, n_everywhere: int) -> tuple[Remark, ...]:
    """Say how many functions there would be if all pairs of elements interacted everywhere."""
    fewer = n_everywhere - n_proposed
    return (
        Remark(
            "functions-left-out",
            f"symmetry functions that look farther than their elements interact were left out, "
            f"{fewer or 'none'} of {n_everywhere}.",
        ),
    )


def _unknown_atoms(structures: Sequence[LabelledStructure]) -> tuple[Remark, ...]:
    """Say whose energies would need those of free atoms that do not follow from what is learnt."""
    if not structures:
        return ()
    formulas = dict.fromkeys(each.atoms.get_chemical_formula() for each in structures)
    names = ", ".join(list(formulas)[:_MOST_NAMED])
    more = f" and {len(formulas) - _MOST_NAMED} more" if len(formulas) > _MOST_NAMED else ""
    return (
        Remark(
            "atomic-energies-unknown",
            f"energies of free atoms do not follow from the compositions that are learnt, and "
            f"energies of other compositions may be off by any amount: {names}{more} among the "
            f"test structures. Give `atomic_energies`, or another `split`.",
        ),
    )


def _said(left_out: Sequence[LeftOut], n_proposed: int) -> tuple[Remark, ...]:
    """Say which functions were left out, by the reason."""
    remarks = []
    for reason, why in (
        ("constant", "hardly change over the training data"),
        ("correlated", "follow another one over the training data"),
    ):
        names = [function_name(each.function) for each in left_out if each.reason == reason]
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            remarks.append(
                Remark(
                    "functions-left-out",
                    f"symmetry functions that {why} were left out, {len(names)} of {n_proposed}: "
                    f"{', '.join(names[:_MOST_NAMED])}{more}.",
                )
            )
    return tuple(remarks)
