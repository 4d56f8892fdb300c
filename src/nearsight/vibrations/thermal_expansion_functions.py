"""Thermal expansion and heat at constant pressure as a value, in the units of the field."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from nearsight import units
from nearsight.arrays import FloatArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.printable import percent
from nearsight.provenance import Provenance
from nearsight.remarks import Remark, Severity
from nearsight.structures.naming import count_warnings, paragraph
from nearsight.vibrations.phonon_mesh import PhononMesh

NOTABLE_DIFFERENCE = 0.05
"""Difference of the two routes to the expansion, of the largest one, from which it is said."""
GROSS_DIFFERENCE = 0.25
"""The same, from which the expansion is not to be used."""
_NEGLIGIBLE_PER_K = 1e-7


@dataclass(frozen=True)
class CrystalAtVolume:
    """A crystal at rest at one volume, with its phonons."""

    energy_eV: float
    """Potential energy of the cell."""
    phonons: PhononMesh

    @property
    def atoms(self) -> Atoms:
        """The cell."""
        return self.phonons.atoms

    @property
    def volume_A3(self) -> float:
        """Volume of the cell."""
        return float(self.atoms.cell.volume)

    @property
    def lowest_wavenumber_per_cm(self) -> float:
        """The lowest of the Brillouin zone, negative if imaginary."""
        return float(self.phonons.wavenumbers_per_cm.min())

    @property
    def is_usable(self) -> bool:
        """Whether it has a free energy: no imaginary modes but a few, by interpolation."""
        return self.phonons.share_imaginary == 0 or self.phonons.few_imaginary

    def imaginary_in_words(self) -> str:
        """Say which volume it is, and what of its modes is imaginary."""
        share, lowest = self.phonons.share_imaginary, self.lowest_wavenumber_per_cm
        modes = share * 3 * len(self.atoms)
        return (
            f"{self.volume_A3:.3f} Å³ ({modes:.3g} of {3 * len(self.atoms)} modes on average, "
            f"{percent(share)}, down to {lowest:.1f} cm⁻¹)"
        )


def _mean_wavenumber_per_cm(phonons: PhononMesh) -> float:
    return float(np.average(phonons.wavenumbers_per_cm.mean(axis=1), weights=phonons.weights))


@dataclass(frozen=True, kw_only=True)
class ThermalExpansion(ShownInNotebooks):
    """A crystal at constant pressure, quasi-harmonically; arrays are ``(n_temperatures,)``.

    Quantities are those at the volume of lowest Gibbs energy at each temperature, per cell.
    """

    temperatures_K: FloatArray
    """Those at which that volume is among the volumes that were computed."""
    volume_A3: FloatArray
    """Volume of the cell."""
    volumetric_expansion_per_K: FloatArray
    """α = (∂V/∂T)/V in 1/K."""
    expansion_difference_per_K: FloatArray
    """(∂S/∂V)/K_T - α in 1/K: two routes, which differ by the errors of both fits over volumes; NaN
    at 0 K, where both are zero whatever the fits."""
    bulk_modulus_GPa: FloatArray
    """Isothermal bulk modulus K_T in GPa."""
    heat_capacity_p_eV_per_K: FloatArray
    """At constant pressure, c_v + T (∂V/∂T) (∂S/∂V), in eV/K."""
    heat_capacity_v_eV_per_K: FloatArray
    """At constant volume, in eV/K."""
    entropy_eV_per_K: FloatArray
    """Entropy in eV/K."""
    gibbs_energy_eV: FloatArray
    """E + F + pV in eV, with the potential energy as the model counts it."""
    gruneisen_parameter: FloatArray
    """γ = V α K_T / c_v; NaN where c_v is below 1 % of its classical limit."""
    pressure_GPa: float
    equation_of_state: str
    """What energies over volumes were fitted by."""
    fit_error_eV_per_atom: float
    """Largest difference of a Gibbs energy at a volume from its fit."""
    static_volume_A3: float
    """Volume of lowest E + pV, without any motion."""
    static_bulk_modulus_GPa: float
    """Bulk modulus there."""
    used: tuple[CrystalAtVolume, ...]
    """Volumes that were fitted, ascending."""
    left_out: tuple[CrystalAtVolume, ...]
    """Volumes with imaginary modes."""
    temperatures_left_out_K: FloatArray
    """Temperatures at which the Gibbs energy has no minimum between the volumes."""
    formula_unit: str
    """What quantities per mole of formula units are per mole of."""
    formula_units_per_cell: int
    acoustic: str
    """What the acoustic modes at Γ contribute to heat capacities."""
    provenance: Provenance

    def __repr__(self) -> str:
        of = f"{self.formula_unit} by {self.provenance.model.name}"
        first = self.temperatures_K[0], self.volumetric_expansion_per_K[0]
        told = f"expansion {first[1]:.3e} 1/K at {first[0]:g} K"
        return paragraph(self, of, told, f"{len(self.used)} volumes", count_warnings(self.warnings))

    @property
    def n_atoms(self) -> int:
        """Atoms of the cell."""
        return len(self.used[0].atoms)

    @property
    def linear_expansion_per_K(self) -> FloatArray:
        """α/3 in 1/K: of a cubic crystal along every direction, else the mean of three."""
        return self.volumetric_expansion_per_K / 3

    @property
    def heat_capacity_p_J_per_g_K(self) -> FloatArray:
        """Heat capacity at constant pressure in J/(g K)."""
        return self.heat_capacity_p_eV_per_K * self._eV_in_J_per_g

    @property
    def heat_capacity_v_J_per_g_K(self) -> FloatArray:
        """Heat capacity at constant volume in J/(g K)."""
        return self.heat_capacity_v_eV_per_K * self._eV_in_J_per_g

    @property
    def heat_capacity_p_J_per_molformula_K(self) -> FloatArray:
        """Heat capacity at constant pressure in J/K per mole of formula units."""
        return self.heat_capacity_p_eV_per_K * self._eV_in_J_per_molformula

    @property
    def heat_capacity_v_J_per_molformula_K(self) -> FloatArray:
        """Heat capacity at constant volume in J/K per mole of formula units."""
        return self.heat_capacity_v_eV_per_K * self._eV_in_J_per_molformula

    @property
    def entropy_J_per_molformula_K(self) -> FloatArray:
        """Entropy in J/K per mole of formula units."""
        return self.entropy_eV_per_K * self._eV_in_J_per_molformula

    @property
    def gibbs_energy_kJ_per_molformula(self) -> FloatArray:
        """Gibbs energy in kJ per mole of formula units."""
        return self.gibbs_energy_eV * self._eV_in_J_per_molformula * 1e-3

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What makes these numbers doubtful, in plain words; empty if nothing does."""
        found = list(self._of_phonons())
        if self.left_out:
            named = ", ".join(each.imaginary_in_words() for each in self.left_out)
            n_all = len(self.used) + len(self.left_out)
            said = (
                f"{len(self.left_out)} of {n_all} volumes have imaginary modes, no free energy, "
                f"and are left out: {named}."
            )
            found.append(Remark("volumes-left-out", said))
        if len(self.temperatures_left_out_K):
            named = ", ".join(f"{each:g}" for each in self.temperatures_left_out_K)
            said = (
                f"at {named} K the Gibbs energy has no minimum between the volumes from "
                f"{self.used[0].volume_A3:.3f} to {self.used[-1].volume_A3:.3f} Å³: left out; "
                f"move `volume_to`, or `volume_from` where the crystal shrinks."
            )
            found.append(Remark("temperatures-left-out", said))
        return (*found, *self._of_fits())

    @property
    def routes_agree(self) -> bool:
        """Whether both routes to the expansion agree within what matters."""
        return self._differ_by_less_than(NOTABLE_DIFFERENCE)

    @property
    def routes_contradict(self) -> bool:
        """Whether both routes to the expansion differ grossly."""
        return not self._differ_by_less_than(GROSS_DIFFERENCE)

    @property
    def largest_difference_per_K(self) -> float | None:
        """Largest difference of the two routes in 1/K; None at 0 K only, where nothing expands."""
        known = self.expansion_difference_per_K[~np.isnan(self.expansion_difference_per_K)]
        return float(np.abs(known).max()) if len(known) else None

    def _differ_by_less_than(self, share: float) -> bool:
        largest = float(np.abs(self.volumetric_expansion_per_K).max())
        return (self.largest_difference_per_K or 0.0) <= max(share * largest, _NEGLIGIBLE_PER_K)

    def _jump(self) -> tuple[float, float] | None:
        """Return the volumes between which the mean wavenumber jumps, if it does.

        It changes about evenly otherwise. Curvature may jump where atoms come into the range of a
        model, or into that in which its cutoff begins to act.
        """
        volumes_A3 = np.array([each.volume_A3 for each in self.used])
        means = np.array([_mean_wavenumber_per_cm(each.phonons) for each in self.used])
        slopes = np.diff(means) / np.diff(volumes_A3)
        off = np.abs(slopes - np.median(slopes))
        place = int(off.argmax())
        if off[place] <= abs(float(np.median(slopes))):
            return None
        return float(volumes_A3[place]), float(volumes_A3[place + 1])

    def _of_phonons(self) -> tuple[Remark, ...]:
        """Return the remarks on phonons, those of one kind from the first volume that has it."""
        first: dict[str, tuple[Remark, CrystalAtVolume]] = {}
        for each in self.used:
            for remark in each.phonons.warnings:
                first.setdefault(remark.code, (remark, each))
        return tuple(
            Remark(code, f"at {each.volume_A3:.3f} Å³ {remark}", remark.severity)
            for code, (remark, each) in first.items()
        )

    def _of_fits(self) -> tuple[Remark, ...]:
        if self.routes_agree:
            return ()
        said = (
            f"two routes to the thermal expansion, by the volume over temperature and by the "
            f"entropy over volume, differ by up to {self.largest_difference_per_K:.1e} 1/K: the "
            f"fits over volumes are poor; "
        )
        if (jump := self._jump()) is None:
            said += "relax more tightly (`fmax_eV_per_A`), or take more `volumes`."
        else:
            said += (
                f"between {jump[0]:.3f} and {jump[1]:.3f} Å³ the curvature of the model jumps, as "
                f"where atoms come into its range; take volumes on one side of that."
            )
        severity = Severity.PROBLEM if self.routes_contradict else None
        return (Remark("routes-differ", said, severity),)

    def rows_summary(self) -> list[dict[str, float | None]]:
        """Return the ``thermal_expansion`` list of the JSON output, one object a temperature."""
        columns = {
            "temperature_K": self.temperatures_K,
            "volume_A3": self.volume_A3,
            "volumetric_expansion_per_K": self.volumetric_expansion_per_K,
            "linear_expansion_per_K": self.linear_expansion_per_K,
            "expansion_difference_per_K": self.expansion_difference_per_K,
            "bulk_modulus_GPa": self.bulk_modulus_GPa,
            "heat_capacity_p_J_per_g_K": self.heat_capacity_p_J_per_g_K,
            "heat_capacity_v_J_per_g_K": self.heat_capacity_v_J_per_g_K,
            "heat_capacity_p_J_per_molformula_K": self.heat_capacity_p_J_per_molformula_K,
            "heat_capacity_v_J_per_molformula_K": self.heat_capacity_v_J_per_molformula_K,
            "entropy_J_per_molformula_K": self.entropy_J_per_molformula_K,
            "gibbs_energy_eV": self.gibbs_energy_eV,
            "gibbs_energy_kJ_per_molformula": self.gibbs_energy_kJ_per_molformula,
            "gruneisen_parameter": self.gruneisen_parameter,
        }
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        return [
            {
                name: None if np.isnan(value) else value
                for name, value in zip(columns, row, strict=True)
            }
            for row in rows
        ]

    def summary(self) -> dict[str, Any]:
        """Return the ``quasi_harmonic`` object of the JSON output."""
        volumes = sorted((*self.used, *self.left_out), key=lambda each: each.volume_A3)
        return {
            "equation_of_state": self.equation_of_state,
            "pressure_GPa": self.pressure_GPa,
            "static_volume_A3": self.static_volume_A3,
            "static_bulk_modulus_GPa": self.static_bulk_modulus_GPa,
            "fit_error_eV_per_atom": self.fit_error_eV_per_atom,
            "acoustic": self.acoustic,
            "temperatures_left_out_K": self.temperatures_left_out_K.tolist(),
            "volumes": [
                {
                    "volume_A3": each.volume_A3,
                    "cell_A": each.atoms.cell.array.tolist(),
                    "energy_eV": each.energy_eV,
                    "lowest_wavenumber_per_cm": each.lowest_wavenumber_per_cm,
                    "share_imaginary": each.phonons.share_imaginary,
                    "n_imaginary_at_gamma": each.phonons.gamma.n_imaginary,
                    "used": any(each is one for one in self.used),
                }
                for each in volumes
            ],
        }

    @property
    def _eV_in_J_per_g(self) -> float:
        mass_amu = float(self.used[0].atoms.get_masses().sum())
        return float(units.EV_IN_JOULE / (mass_amu * units.AMU_IN_GRAM))

    @property
    def _eV_in_J_per_molformula(self) -> float:
        return float(units.EV_PER_CELL_IN_J_PER_MOL / self.formula_units_per_cell)
