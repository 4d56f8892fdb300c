"""Porous solids: what is computed in each suite."""

from collections.abc import Mapping
from dataclasses import dataclass

from nearsight.adsorption.golddac import (
    framework_of_frame,
    interaction_errors,
    read_golddac,
    reference_energies_eV,
)
from nearsight.announcing import quietly
from nearsight.evaluation.examination import Examination
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.porous import computing
from nearsight.evaluation.porous.figure import figures
from nearsight.evaluation.porous.interactions import GASES, chosen_frames, gas_interactions
from nearsight.evaluation.porous.parts import (
    GasInteractions,
    Motion,
    SolidHeat,
    Stiffness,
    Uptake,
)
from nearsight.evaluation.porous.references import (
    FRAMEWORKS,
    HALF_A_CELL,
    Solid,
    read_solids,
    structure_of,
)
from nearsight.evaluation.porous.result import PorousSolids
from nearsight.evaluation.settings import ReferenceData, Suite
from nearsight.evaluation.work import Work
from nearsight.models.contract import Model
from nearsight.models.evaluable import unknown_elements
from nearsight.structures import read_structure


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is computed of porous solids."""

    n_solids: int
    """Solids of the user's table, the smallest first."""
    most_atoms: int
    """Of a solid."""
    stiff: tuple[str, ...]
    """Frameworks whose bulk modulus is computed."""
    moving: tuple[str, ...]
    """Frameworks that move at constant pressure."""
    time_ps: float
    """For how long."""
    n_frameworks: int | None
    """Frameworks of the user's file of GoldDAC, the smallest first; None for all."""
    insertions: int
    """Of CO2 into Mg-MOF-74; 0 for none."""


EFFORTS: Mapping[Suite, Effort] = {
    "quick": Effort(
        n_solids=2,
        most_atoms=30,
        stiff=(),
        moving=("Mg-MOF-74",),
        time_ps=0.05,
        n_frameworks=2,
        insertions=48,
    ),
    "standard": Effort(
        n_solids=8,
        most_atoms=50,
        stiff=("MOF-5",),
        moving=("Mg-MOF-74",),
        time_ps=2.0,
        n_frameworks=None,
        insertions=400,
    ),
    "full": Effort(
        n_solids=70,
        most_atoms=250,
        stiff=("MOF-5",),
        moving=("Mg-MOF-74", "MOF-5"),
        time_ps=20.0,
        n_frameworks=None,
        insertions=10_000,
    ),
}


def compute(model: Model, effort: Effort, work: Work) -> PorousSolids:
    """Examine all parts that there are data for.

    Raises
    ------
    SettingError, StructureError
        Data that were given cannot be used.
    """
    solids, failed_solids = _solids(model, effort, work)
    stiff, failed_stiff = work.each(
        "stiffness",
        _known(effort.stiff, model),
        lambda name: computing.stiffness(
            model, FRAMEWORKS[name](), work.folder_of("stiffness", name), work.progress
        ),
        Stiffness,
    )
    moving, failed_moving = work.each(
        "npt",
        _known(effort.moving, model),
        lambda name: computing.motion(
            model, FRAMEWORKS[name](), effort.time_ps, work.folder_of("npt", name), work.progress
        ),
        Motion,
    )
    gases, failed_gases = _interactions(model, effort, work)
    taken_up, failed_uptake = work.each(
        "uptake",
        _known(("Mg-MOF-74",) if effort.insertions else (), model),
        lambda name: computing.uptake(
            model, effort.insertions, work.folder_of("uptake", name), work.progress
        ),
        Uptake,
    )
    failures: dict[str, Failure] = {
        f"{what}, {name}": failure
        for what, failed in (
            ("heat capacity", failed_solids),
            ("bulk modulus", failed_stiff),
            ("npt", failed_moving),
            ("interactions", failed_gases),
            ("uptake", failed_uptake),
        )
        for name, failure in failed.items()
    }
    return PorousSolids(
        has_heat_capacities=work.data.heat_capacity_data is not None,
        has_interactions=work.data.interaction_data is not None,
        solids=solids,
        stiff=stiff,
        moving=moving,
        gases=gases,
        uptake=taken_up.get("Mg-MOF-74"),
        failures=failures,
    )


def _solids(
    model: Model, effort: Effort, work: Work
) -> tuple[dict[str, SolidHeat], dict[str, Failure]]:
    """Compute the heat capacities of the user's solids; none without them."""
    folder = work.data.heat_capacity_data
    if folder is None:
        return {}, {}
    solids: dict[str, Solid] = {}
    for solid in read_solids(folder):
        if solid.name in HALF_A_CELL or solid.n_atoms > effort.most_atoms:
            continue
        if not unknown_elements(read_structure(structure_of(folder, solid.name)), model):
            solids[solid.name] = solid
        if len(solids) == effort.n_solids:
            break
    return work.each(
        "heat capacity",
        solids,
        lambda name: computing.solid_heat(
            model,
            read_structure(structure_of(folder, name)),
            solids[name].reference_J_per_g_K,
            work.folder_of("heat capacity", name),
            work.progress,
        ),
        SolidHeat,
    )


def _interactions(
    model: Model, effort: Effort, work: Work
) -> tuple[dict[str, GasInteractions], dict[str, Failure]]:
    """Compute the interaction energies of the user's frames; none without them."""
    if work.data.interaction_data is None:
        return {}, {}
    frames = chosen_frames(read_golddac(work.data.interaction_data), model, effort.n_frameworks)
    if all(framework_of_frame(name) is None for name in frames):
        return {}, {}
    return work.each(
        "interactions",
        GASES,
        lambda gas: gas_interactions(model, frames, gas, work.progress),
        GasInteractions,
    )


def _known(names: tuple[str, ...], model: Model) -> list[str]:
    return [name for name in names if not unknown_elements(FRAMEWORKS[name](), model)]


def check(data: ReferenceData) -> None:
    """Check that data which were given can be used.

    Raises
    ------
    SettingError
        The table of heat capacities is not as it should be.
    StructureError
        The structure of a solid, or the file of GoldDAC, cannot be read or lacks something.
    """
    if data.heat_capacity_data is not None:
        with quietly():  # what there is to say of a structure is said when it is examined
            for solid in read_solids(data.heat_capacity_data):
                read_structure(structure_of(data.heat_capacity_data, solid.name))
    if data.interaction_data is not None:
        energies_eV = reference_energies_eV(read_golddac(data.interaction_data))
        for gas in GASES:
            interaction_errors(gas, energies_eV, energies_eV)


EXAMINATION = Examination(
    package=__package__,
    title="Porous solids",
    question="May the model be asked about heat, stability and adsorption of porous solids?",
    efforts=EFFORTS,
    compute=compute,
    result=PorousSolids,
    figures=figures,
    data=("heat_capacity_data", "interaction_data"),
    check=check,
)
