"""How settings are called on the command line."""

import re

# Where the option is not the name of the setting without its unit.
_OPTIONS = {
    "born": "--nac",
    "band_spacing_per_A": "--band-spacing",
    "end_fs": "--fit-end",
    "external_pressure_bar": "--pressure",
    "farthest_A": "--r-max",
    "fragment_radius_A": "--radius",
    "frequency_unit": "--unit",
    "memory_bytes": "--memory",
    "name": "--model",
    "radius_A": "--probing-radius",
    "recompute": "--recompute",
    "relax": "--no-relax",
    "row_symmetry_A": "--symmetry-tolerance",
    "sites": "--site",
    "target_force_eV_per_A": "--target-force",
    "start_fs": "--fit-start",
    "temperatures_K": "--temperature",
    "trust": "--trust-checkpoint",
    "viscosity_Pa_s": "--viscosity",
    "width_A": "--bin-width",
    "width_per_cm": "--spectrum-width",
    "work_dir": "--work-dir",
}
_UNIT = re.compile(r"_(eV_per_A2|eV_per_A|meV|A|K|GPa|bar|fs|ps|s)$")


def option_of(setting: str) -> str:
    """Return the option of a setting."""
    return _OPTIONS.get(setting) or f"--{_UNIT.sub('', setting).replace('_', '-')}"
