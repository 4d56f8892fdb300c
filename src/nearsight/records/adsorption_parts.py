"""What records say of a gas in a framework."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says, Vector


@dataclass(frozen=True, kw_only=True)
class GasPart:
    """The molecule."""

    name: Annotated[str, Says("Its formula, or what its file is called.")]
    symbols: Annotated[tuple[str, ...], Says("Elements of its sites.")]
    positions_A: Annotated[tuple[Vector, ...], Says("Its sites about the centre of mass.", "Å")]
    source: Annotated[str, Says("Where its geometry comes from.")]


@dataclass(frozen=True, kw_only=True)
class InsertionPart:
    """How the molecule was inserted."""

    supercell: Annotated[tuple[int, int, int], Says("Repeats of the framework.", "1")]
    n_frames: Annotated[int, Says("Snapshots of the framework; 1 for a rigid one.", "1")]
    drawn: Annotated[str, Says("From where: uniform, learnt, by a force field, or both.")]
    n_insertions: Annotated[int, Says("Insertions that are in the means.", "1")]
    n_learnt: Annotated[int, Says("Insertions before, which told where to draw from.", "1")]
    n_calls: Annotated[int, Says("Structures that the model computed for all of them.", "1")]
    n_overlapping: Annotated[int, Says("Insertions that overlap: weight zero, no call.", "1")]
    n_rejected: Annotated[int, Says("Insertions for which the model had no number.", "1")]
    n_audited: Annotated[int, Says("Overlapping ones that were computed nevertheless.", "1")]
    lowest_audited_eV: Annotated[
        float | None, Says("Lowest energy among these; null if there are none.", "eV")
    ]
    relative_error: Annotated[
        float | None, Says("Standard error of <W> over <W>; null if it has none.", "1")
    ]
    halves_sigmas: Annotated[
        float | None,
        Says("Difference of two independent halves over its error; null if undefined.", "1"),
    ]
    error_asked: Annotated[
        float | None, Says("Relative error at which it was to stop; null without.", "1")
    ]

    @property
    def places(self) -> str:
        """Where insertions were made, in words."""
        if self.n_learnt:  # the first word says that they were learnt
            drawn = self.drawn.removeprefix("learnt")
            return f"where {self.n_learnt} before taught{drawn}"
        return "anywhere" if self.drawn == "uniform" else self.drawn

    @property
    def counts(self) -> str:
        """What became of insertions, in words."""
        before = " with those before" if self.n_learnt else ""
        return f"{self.n_overlapping} overlap, {self.n_calls} computed{before}"


@dataclass(frozen=True, kw_only=True)
class HenryPart:
    """Henry coefficient, excess chemical potential and heat at one temperature."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    coefficient_mol_per_kg_Pa: Annotated[
        float | None, Says("Henry coefficient; null if it has no number.", "mol/(kg Pa)")
    ]
    coefficient_error_mol_per_kg_Pa: Annotated[
        float | None, Says("Its standard error.", "mol/(kg Pa)")
    ]
    coefficient_per_cell_Pa: Annotated[
        float | None, Says("Molecules in a cell for each Pa.", "1/Pa")
    ]
    coefficient_error_per_cell_Pa: Annotated[float | None, Says("Its standard error.", "1/Pa")]
    log_mean_weight: Annotated[float | None, Says("ln<W>; null if nothing has weight.", "1")]
    log_mean_weight_error: Annotated[float | None, Says("Its standard error.", "1")]
    excess_chemical_potential_kJ_per_mol: Annotated[
        float | None, Says("-R T ln<W>; null if nothing has weight.", "kJ/mol")
    ]
    excess_chemical_potential_error_kJ_per_mol: Annotated[
        float | None, Says("Its standard error.", "kJ/mol")
    ]
    heat_kJ_per_mol: Annotated[
        float | None, Says("Isosteric heat at zero loading; null if nothing has weight.", "kJ/mol")
    ]
    heat_error_kJ_per_mol: Annotated[float | None, Says("Its standard error.", "kJ/mol")]
    n_effective: Annotated[float, Says("Equal weights that would scatter as much.", "1")]
    heaviest_share: Annotated[
        float, Says("Share of all weight that the heaviest 1 % of the insertions have.", "1")
    ]
    significant: Annotated[
        bool, Says("Whether enough insertions carry the weight for these to mean something.")
    ]
    thermal_wavelength_A: Annotated[float, Says("Thermal wavelength of the molecule.", "Å")]


@dataclass(frozen=True, kw_only=True)
class OffsetPart:
    """By how much interaction energies of the model are off, and what that does."""

    offset_eV: Annotated[float, Says("Model minus reference at weak attraction.", "eV")]
    source: Annotated[str, Says("Where this is from.")]
    factors: Annotated[
        tuple[float | None, ...],
        Says("By what Henry coefficients are too large for it, at each temperature.", "1"),
    ]
    coefficients_mol_per_kg_Pa: Annotated[
        tuple[float | None, ...],
        Says("Henry coefficients with the offset taken off every energy.", "mol/(kg Pa)"),
    ]
    heats_kJ_per_mol: Annotated[
        tuple[float | None, ...], Says("Heats with the offset taken off.", "kJ/mol")
    ]


@dataclass(frozen=True, kw_only=True)
class ZeroPart:
    """Where the zero of interaction energies is."""

    alone_eV: Annotated[float, Says("Energy of the molecule without a box: the zero.", "eV")]
    in_box_eV: Annotated[
        float | None, Says("In an empty cell of 25 Å; null if crystals cannot be computed.", "eV")
    ]
    widest_place_A: Annotated[Vector, Says("Place that is farthest from all atoms.", "Å")]
    widest_distance_A: Annotated[float, Says("Distance of the nearest atom from there.", "Å")]
    widest_eV: Annotated[
        float | None,
        Says("Mean interaction energy there, over rotations; null if there is none.", "eV"),
    ]
    widest_spread_eV: Annotated[
        float | None, Says("Its standard deviation over rotations; null if there is none.", "eV")
    ]
    widest_uff_eV: Annotated[
        float | None, Says("What UFF without charges has there; null if not computed.", "eV")
    ]
    difference_from_uff_eV: Annotated[
        float | None,
        Says("Median of model minus UFF at weak attraction; null if not compared.", "eV"),
    ]
    difference_error_eV: Annotated[float | None, Says("Its standard error.", "eV")]
    by_construction: Annotated[
        bool, Says("Whether the model is a sum over pairs, which has its zero by construction.")
    ]
    offset: Annotated[
        OffsetPart | None, Says("Offset of this model for this gas; null if it is not known.")
    ]


@dataclass(frozen=True, kw_only=True)
class WellPart:
    """An insertion that carries weight and is suspected."""

    frame: Annotated[int, Says("Snapshot, from 0.", "1")]
    insertion: Annotated[int, Says("Which one, from 0.", "1")]
    centre_A: Annotated[Vector, Says("Centre of mass.", "Å")]
    energy_eV: Annotated[float, Says("Interaction energy.", "eV")]
    contact: Annotated[
        float | None,
        Says("Smallest distance over the sum of covalent radii; null if no atom is near.", "1"),
    ]
    force_eV_per_A: Annotated[
        float | None, Says("Largest force by the framework; null if it was not computed.", "eV/Å")
    ]
    reasons: Annotated[tuple[str, ...], Says("Why it is suspected.")]


@dataclass(frozen=True, kw_only=True)
class WellsPart:
    """Whether what carries the weight can be true."""

    n_examined: Annotated[int, Says("Insertions that were looked at: they carry the weight.", "1")]
    n_suspected: Annotated[int, Says("Those of them where no molecule would be.", "1")]
    change_sigmas: Annotated[
        float | None,
        Says(
            "Change of ln<W> without these over its standard error; null if there are none, or no "
            "number is left.",
            "1",
        ),
    ]
    share_examined: Annotated[
        float, Says("Part of the weight left that those have which were looked at.", "1")
    ]
    clean: Annotated[bool, Says("Whether nothing suspected is left without these.")]
    suspected: Annotated[tuple[WellPart, ...], Says("The first of these.")]


@dataclass(frozen=True, kw_only=True)
class PocketsPart:
    """Which part of the pore a molecule cannot come to from outside."""

    method: Annotated[str, Says("By what energies.")]
    barrier_eV: Annotated[float, Says("What a molecule is taken to overcome.", "eV")]
    spacing_A: Annotated[float, Says("Width of a voxel.", "Å")]
    n_channels: Annotated[int, Says("Regions that go on without an end.", "1")]
    n_pockets: Annotated[int, Says("Regions that do not.", "1")]
    share_blocked: Annotated[float, Says("Part of <W> that is in pockets.", "1")]
    blocked: Annotated[bool, Says("Whether these places were given no weight.")]
