"""What records say of isotherms."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class MovePart:
    """What became of one kind of moves in production."""

    kind: Annotated[str, Says("Insertion, deletion, translation, rotation or regrowth.")]
    n_tried: Annotated[int, Says("Moves.", "1")]
    n_accepted: Annotated[int, Says("Those that were accepted, by the cheap level if any.", "1")]


@dataclass(frozen=True, kw_only=True)
class SampledPart:
    """How the sampling at one temperature went."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    moves: Annotated[int, Says("Moves from one sample to the next.", "1")]
    n_calls: Annotated[
        int, Says("Energies of the model in production, and to measure fugacities.", "1")
    ]
    n_cheap_calls: Annotated[int, Says("Energies of the cheap level in production.", "1")]
    cheap_scale: Annotated[float, Says("What energies of the cheap level were multiplied by.", "1")]
    cheap_constant_eV: Annotated[float, Says("What was added to them for each molecule.", "eV")]
    drift_eV: Annotated[
        float, Says("Largest difference of a running energy from a fresh one after a block.", "eV")
    ]
    move_kinds: Annotated[tuple[MovePart, ...], Says("What became of moves.")]


@dataclass(frozen=True, kw_only=True)
class ExchangePart:
    """How configurations were sampled."""

    equation: Annotated[str, Says("Equation of state of the gas outside.")]
    supercell: Annotated[tuple[int, int, int], Says("Repeats of the framework.", "1")]
    chains: Annotated[int, Says("Independent configurations at each pressure.", "1")]
    n_samples: Annotated[int, Says("Samples of each of them in production.", "1")]
    cheap: Annotated[
        str | None, Says("What makes the moves that the model takes or leaves; null for itself.")
    ]
    surrogate: Annotated[
        str | None,
        Says("Whether a sum over pairs was trained and added to it, or its file; null for none."),
    ]
    removed_offset_eV: Annotated[
        float, Says("What was taken off the energy of each molecule by the model.", "eV")
    ]
    runs: Annotated[tuple[SampledPart, ...], Says("How it went, one object a temperature.")]


@dataclass(frozen=True, kw_only=True)
class AgreementPart:
    """How a cheap level and the model went together at one pressure."""

    acceptance: Annotated[float, Says("Share of the proposals that were accepted.", "1")]
    sigma_kT: Annotated[
        float, Says("Standard deviation of the difference of both energies in k_B T.", "1")
    ]
    sigma_per_molecule_kT: Annotated[
        float | None, Says("The same over the root of the mean number; null without any.", "1")
    ]
    effective_per_call: Annotated[
        float | None, Says("Effective samples for each energy of the model; null without.", "1")
    ]


@dataclass(frozen=True, kw_only=True)
class LoadingPart:
    """What is adsorbed at one pressure and temperature; intervals are of 95 %."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    pressure_Pa: Annotated[float, Says("Pressure of the gas outside.", "Pa")]
    fugacity_Pa: Annotated[float, Says("Its fugacity.", "Pa")]
    measured_fugacity_Pa: Annotated[
        float | None, Says("That of what was sampled, by insertions; null if not measured.", "Pa")
    ]
    measured_fugacity_error_Pa: Annotated[float | None, Says("Its standard error.", "Pa")]
    fugacity_without_offset_Pa: Annotated[
        float | None,
        Says(
            "Fugacity at which the model without its offset has this loading; null if unknown.",
            "Pa",
        ),
    ]
    molecules_per_cell: Annotated[float, Says("Mean number of molecules in a cell.", "1/cell")]
    molecules_per_cell_error: Annotated[float, Says("Its standard error.", "1/cell")]
    molecules_per_cell_interval: Annotated[Interval, Says("Its interval.", "1/cell")]
    loading_mol_per_kg: Annotated[float, Says("Absolute loading.", "mol/kg")]
    loading_error_mol_per_kg: Annotated[float, Says("Its standard error.", "mol/kg")]
    loading_interval_mol_per_kg: Annotated[Interval, Says("Its interval.", "mol/kg")]
    loading_cm3_STP_per_g: Annotated[float, Says("Absolute loading.", "cm³(STP)/g")]
    excess_mol_per_kg: Annotated[
        float | None,
        Says(
            "Loading less what the gas outside has in the void; null without its share.", "mol/kg"
        ),
    ]
    heat_kJ_per_mol: Annotated[
        float | None, Says("Isosteric heat by fluctuations; null if there is none.", "kJ/mol")
    ]
    heat_error_kJ_per_mol: Annotated[float | None, Says("Its standard error.", "kJ/mol")]
    interaction_energy_eV: Annotated[
        float, Says("Mean interaction energy of all molecules in a cell.", "eV")
    ]
    n_effective: Annotated[float, Says("Independent samples with the same error.", "1")]
    n_left_out: Annotated[int, Says("First samples of each chain that are in no mean.", "1")]
    equilibrated: Annotated[bool, Says("Whether equilibrium was reached in the first half.")]
    agreement: Annotated[
        AgreementPart | None, Says("How the levels went together; null for one level.")
    ]
