"""One record of each question, made with cheap models."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from host_and_guest import Spheres, WithHole
from labelled_clusters import labelled_clusters
from langevin_gas import langevin_gas
from learnt_chain import learnt_chain
from nearsight.announcing import quietly
from nearsight.dynamics import DynamicsSettings, run_dynamics
from nearsight.elasticity.compute import elastic_tensor
from nearsight.hessian import hessian
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.strain import generalised_hessian
from nearsight.locality.compute import locality
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.engines.torch_model import TorchModel
from nearsight.provenance import record as provenance_of
from nearsight.records import FailureRecord, Record
from nearsight.records.learning_results import learning_record
from nearsight.records.locality_results import LocalityResults
from nearsight.records.making import (
    dynamics_record,
    elastic_record,
    energy_record,
    heat_capacity_record,
    hessian_record,
    locality_record,
    phonons_record,
    relaxation_record,
    thermochemistry_record,
    vibrations_record,
)
from nearsight.records.potential_results import HdnnpTestResults, hdnnp_test_record
from nearsight.records.results import (
    DynamicsResults,
    ElasticResults,
    EnergyResults,
    HarmonicResults,
    HessianResults,
    ProbedResults,
    RelaxationResults,
    ThermochemistryResults,
)
from nearsight.records.shared_fields import Run
from nearsight.records.training_results import TrainingResults, training_record
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.training import (
    FunctionSettings,
    NetworkSettings,
    StoppingSettings,
    TrainingSettings,
    labelled_data,
    train,
)
from nearsight.vibrations import (
    band_structure,
    molecular_thermochemistry,
    phonon_mesh,
    probe_heat_capacity,
    thermodynamics,
    vibrations,
)
from nearsight.workflows import (
    DiffusionSettings,
    ExchangeSettings,
    InsertionSettings,
    IsothermSettings,
    PhononSettings,
    RadialSettings,
    ThermalExpansionSettings,
    TrajectorySettings,
    VelocitySettings,
    WidomSettings,
    isotherm,
    thermal_expansion,
    trajectory,
    widom,
)

TEMPERATURES_K = (100.0, 298.15)
RUN = Run(seconds=12.5, peak_memory_bytes=1 << 20, asked={"relaxation": {"fmax_eV_per_A": 0.005}})


@pytest.fixture(scope="session")
def model() -> AseModel:
    return AseModel(EMT())


@pytest.fixture(scope="session")
def copper() -> Atoms:
    return bulk("Cu", a=3.62, cubic=True)


@pytest.fixture(scope="session")
def relaxation(copper: Atoms, model: AseModel) -> Relaxation:
    return relax(copper, model, RelaxationSettings(fmax_eV_per_A=1e-4, symmetrize_A=1e-3))


@pytest.fixture(scope="session")
def phonons(relaxation: Relaxation, model: AseModel) -> HarmonicResults:
    constants = force_constants(relaxation.atoms, model, (2, 2, 2))
    mesh = phonon_mesh(constants, (4, 4, 4))
    return HarmonicResults(
        "folder/copper.cif",
        constants.at_gamma(),
        vibrations(constants.at_gamma()),
        thermodynamics(mesh, TEMPERATURES_K),
        relaxation,
        {"relax": True, "supercell": [2, 2, 2], "symmetrize_A": 1e-3},
        constants,
        mesh,
        "a crystal has phonons",
        bands=band_structure(constants, points_per_segment=3),
    )


@pytest.fixture(scope="session")
def nitrogen(model: AseModel) -> HarmonicResults:
    relaxed = relax(molecule("N2"), model, RelaxationSettings(fmax_eV_per_A=1e-3))
    found = hessian(relaxed.atoms, model)
    modes = vibrations(found)
    thermal = thermodynamics(modes, TEMPERATURES_K)
    return HarmonicResults("nitrogen.xyz", found, modes, thermal, relaxed, {"relax": True})


@pytest.fixture(scope="session")
def probed(pair_model: Callable[..., TorchModel]) -> ProbedResults:
    solid = bulk("MgO", "rocksalt", a=3.7494662305, cubic=True).repeat(3)
    operator = HessianOperator(solid, pair_model(), "analytic")
    heat = probe_heat_capacity(operator, (200.0, 298.15), "classical", n_steps=4)
    return ProbedResults("rocksalt.cif", heat, None, {"relax": False}, "rows are too many")


@pytest.fixture(scope="session")
def chain(pair_model: Callable[..., TorchModel]) -> LocalityResults:
    chain = molecule("C3H8")
    found = locality(chain, pair_model(), reference_radius_A=6.0)
    return LocalityResults("chain.xyz", found, ("one.extxyz",) * len(found.fragments))


@pytest.fixture(scope="session")
def elastic(relaxation: Relaxation, model: AseModel) -> ElasticResults:
    strained = generalised_hessian(relaxation.atoms, model)
    return ElasticResults(
        "copper.cif", strained, elastic_tensor(strained), relaxation, {"relax": True}
    )


@pytest.fixture(scope="session")
def of_copper(copper: Atoms, relaxation: Relaxation, model: AseModel) -> Mapping[str, Record]:
    """Records of what is asked of copper beside phonons."""
    settings = {"relax": True, "supercell": [1, 1, 1]}
    [evaluation] = model.evaluate([copper], stress=True)
    energy = EnergyResults("copper.cif", copper, evaluation, provenance_of(model.identity))
    of_cell = HessianResults(
        "copper.cif", hessian(relaxation.atoms, model), relaxation, settings, "copper.npz"
    )
    short = DynamicsSettings(time_ps=0.02, timestep_fs=2.0, thermostat="langevin")
    moved = run_dynamics(copper, model, short, progress=False)
    return {
        "md": dynamics_record(DynamicsResults("copper.cif", moved, short.to_json()), RUN),
        "energy": energy_record(energy, RUN),
        "relax": relaxation_record(RelaxationResults("copper.cif", relaxation, settings), RUN),
        "hessian": hessian_record(of_cell, RUN),
    }


@pytest.fixture(scope="session")
def of_trajectory(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The record of a gas, with everything that such a record may have but harmonic modes."""
    file = tmp_path_factory.mktemp("gas") / "gas.extxyz"
    langevin_gas(n_frames=200, n_atoms=8).write_xyz(file)
    settings = TrajectorySettings(
        radial=RadialSettings(within_A=5.0),
        diffusion=DiffusionSettings(particles="atoms", viscosity_Pa_s=1e-3),
        velocity=VelocitySettings(width_per_cm=20.0),
    )
    with quietly():
        return trajectory(file, settings, progress=False)


@pytest.fixture(scope="session")
def of_gas() -> Record:
    """The record of a gas with a false well, whose weights have no number."""
    framework = Atoms("Ar", cell=[9.0] * 3, pbc=True)
    asked = InsertionSettings(
        gas="Ar", temperatures_K=(77.0, 300.0), insertions=1500, overlap_share=0.5
    )
    with quietly():
        return widom(
            framework,
            AseModel(WithHole(depth_eV=60.0), "hole"),
            WidomSettings(insertion=asked),
            progress=False,
        )


@pytest.fixture(scope="session")
def of_isotherm() -> Record:
    asked = InsertionSettings(gas="Ar", temperatures_K=(300.0, 360.0), insertions=256)
    exchange = ExchangeSettings(
        pressures_bar=(0.1, 10, 20),
        equation="ideal",
        chains=2,
        equilibration_blocks=2,
        production_blocks=2,
        samples=20,
        moves=5,
    )
    with quietly():
        return isotherm(
            Atoms("Ar", cell=[9.0] * 3, pbc=True),
            AseModel(Spheres(), "spheres"),
            IsothermSettings(insertion=asked, exchange=exchange),
            progress=False,
        )


@pytest.fixture(scope="session")
def of_expansion(model: AseModel) -> Record:
    settings = ThermalExpansionSettings(phonons=PhononSettings(mesh=(2, 2, 2), length_A=3.0))
    with quietly():
        return thermal_expansion(bulk("Cu", a=3.62), model, settings, progress=False)


@pytest.fixture(scope="session")
def records(
    *,
    of_copper: Mapping[str, Record],
    of_trajectory: Record,
    of_gas: Record,
    of_isotherm: Record,
    of_expansion: Record,
    phonons: HarmonicResults,
    nitrogen: HarmonicResults,
    probed: ProbedResults,
    others: tuple[ElasticResults, LocalityResults, TrainingResults],
) -> Mapping[str, Record]:
    """One record for each question, and one more for each kind of spectrum, by a name."""
    elastic, chain, trained = others
    modes = replace(nitrogen, thermodynamics=None)
    gas = molecular_thermochemistry(nitrogen.vibrations, TEMPERATURES_K)
    return {
        **of_copper,
        "trajectory": of_trajectory,
        "widom": of_gas,
        "isotherm": of_isotherm,
        "thermal-expansion": of_expansion,
        "vibrations": vibrations_record(modes, RUN),
        "thermochemistry": thermochemistry_record(ThermochemistryResults(modes, gas), RUN),
        "phonons": phonons_record(phonons, RUN),
        "heat-capacity": heat_capacity_record(phonons, RUN),
        "heat-capacity at Γ": heat_capacity_record(nitrogen),
        "heat-capacity by probing": heat_capacity_record(probed, RUN),
        "elastic": elastic_record(elastic, RUN),
        "locality": locality_record(chain, RUN),
        "train": training_record(trained, RUN),
        "learn": learning_record(learnt_chain(), RUN),
        "hdnnp-test": hdnnp_test_record(_tested(trained), RUN),
        "failure": FailureRecord.of("no.cif", "StructureError", "no.cif does not exist."),
    }


def _tested(trained: TrainingResults) -> HdnnpTestResults:
    [training] = trained.trainings
    identity = training.provenance.model
    return HdnnpTestResults("data.extxyz", training.best, identity, trained.errors[0])


@pytest.fixture(scope="session")
def others(
    elastic: ElasticResults, chain: LocalityResults
) -> tuple[ElasticResults, LocalityResults, TrainingResults]:
    settings = TrainingSettings(
        functions=FunctionSettings(cutoff_A=2.5, n_radial=3, zetas=(1.0,)),
        network=NetworkSettings(hidden_layers=(3,)),
        stopping=StoppingSettings(epochs=1),
    )
    trained = train(labelled_data(labelled_clusters()), settings, progress=False)
    return elastic, chain, TrainingResults.of("data.extxyz", (trained,), (None,))
