"""The charts of a crystal's phonons: density of states, bands, and growing supercells."""

import numpy as np
from markupsafe import Markup

from nearsight import units
from nearsight.reports.figures import DASHES, element_curves, imaginary_region
from nearsight.reports.palette import element_colors
from nearsight.reports.svg import Axis, Frame
from nearsight.vibrations.band_structure import BandStructure
from nearsight.vibrations.frequency_units import WAVENUMBERS, FrequencyUnit
from nearsight.vibrations.mesh_density_of_states import mesh_density_of_states
from nearsight.vibrations.phonon_mesh import PhononMesh
from nearsight.vibrations.projected_density_of_states import ProjectedDensityOfStates
from nearsight.vibrations.supercell_convergence import SupercellConvergence


def phonon_density_svg(
    phonons: PhononMesh,
    name: str,
    unit: FrequencyUnit = WAVENUMBERS,
    projected: ProjectedDensityOfStates | None = None,
) -> Markup:
    """Draw the density of phonon states, with a tick for every mode at Γ.

    With the parts of the elements where these are known.
    """
    density = mesh_density_of_states(phonons)
    grid, values = unit.of_THz(density.frequencies_THz), unit.density_of_THz(density.states_per_THz)
    elements = {} if projected is None else projected.by_element_per_THz
    parts = {symbol: unit.density_of_THz(each) for symbol, each in elements.items()}
    low = float(grid[0])
    if phonons.share_imaginary == 0:
        # The Gaussians of acoustic modes reach below zero, where nothing is.
        positive = grid >= 0
        low, values, grid = 0.0, values[positive], grid[positive]
        parts = {symbol: each[positive] for symbol, each in parts.items()}
    frame = Frame(
        Axis(low, float(grid[-1]), unit.axis),
        Axis(0.0, 1.08 * float(values.max()), unit.density_axis),
    )
    at_gamma = unit.of_wavenumbers(phonons.gamma.wavenumbers_per_cm).tolist()
    ticks = "".join(f"M{frame.px(each):.1f},{frame.py(0.0):.1f}v-7" for each in at_gamma)
    content = [imaginary_region(frame)] if low < 0 else []
    content += element_curves(frame, grid, parts, element_colors(parts))
    content += [
        Markup('<path class="total" d="{}"/>').format(frame.curve(grid, values)),
        Markup('<path class="rug" d="{}"/>').format(ticks),
        Markup('<path class="cursor" d="M0,{:.1f}V{:.1f}" visibility="hidden"/>').format(
            frame.py(frame.y.high), frame.py(0.0)
        ),
    ]
    wavenumbers = phonons.wavenumbers_per_cm
    if not phonons.pieces.connected:
        wavenumbers = wavenumbers[wavenumbers != 0.0]  # rigid-body motions of what lies in a box
    description = (
        f"Density of phonon states of the Brillouin zone, each a Gaussian of "
        f"{unit.text(density.width_THz / units.PER_CM_IN_THZ)}, from "
        f"{unit.span(wavenumbers.min(), wavenumbers.max())}."
    )
    return frame.draw(name, "Density of phonon states", description, content)


def bands_svg(bands: BandStructure, name: str, unit: FrequencyUnit = WAVENUMBERS) -> Markup:
    """Draw the bands along their path, with a line at every labelled point."""
    labels = bands.labels_by_distance()
    frequencies = [
        unit.of_eigenvalues(segment.eigenvalues_eV_per_A2_amu) for segment in bands.segments
    ]
    lowest = min(float(each.min()) for each in frequencies)
    highest = max(float(each.max()) for each in frequencies)
    low = 1.05 * lowest if lowest < -0.01 * highest else 0.0
    frame = Frame(
        Axis(min(labels), max(labels), "path in the Brillouin zone", labels),
        Axis(low, 1.04 * highest, unit.axis),
    )
    content = [
        Markup('<path class="axis" d="M{:.1f},{:.1f}V{:.1f}"/>').format(
            frame.px(distance), frame.py(frame.y.high), frame.py(frame.y.low)
        )
        for distance in labels
    ]
    content += [
        Markup('<path class="band" d="{}"/>').format(frame.curve(segment.distances_per_A, branch))
        for segment, of_segment in zip(bands.segments, frequencies, strict=True)
        for branch in np.maximum(of_segment, low).T
    ]
    description = (
        f"Along {bands.path}, from {round(lowest, 1) + 0.0:.1f} to {highest:.1f} {unit.symbol}; "
        f"imaginary ones are negative."
    )
    return frame.draw(name, "Phonon bands", description, content)


def convergence_svg(convergence: SupercellConvergence, name: str) -> Markup:
    """Draw how the heat capacity changes with the supercell, relative to the last one."""
    n_atoms = np.array([step.n_atoms for step in convergence.steps], dtype=np.float64)
    changes = 100 * convergence.changes
    widest = 1.15 * max(float(np.abs(changes).max()), 100 * convergence.tolerance)
    margin = 0.06 * float(np.ptp(n_atoms)) or 1.0
    frame = Frame(
        Axis(n_atoms[0] - margin, n_atoms[-1] + margin, "atoms in the supercell"),
        Axis(-widest, widest, "change of cᵥ / %"),
    )
    curves = [
        Markup('<path class="curve" d="{}" stroke-dasharray="{}"/>').format(
            frame.curve(n_atoms, column), DASHES[index % len(DASHES)]
        )
        for index, column in enumerate(changes.T)
    ]
    points = [
        Markup(
            '<circle cx="{:.1f}" cy="{:.1f}" r="4"><title>{} atoms, {:g} K: {:+.3f} %</title>'
            "</circle>"
        ).format(frame.px(atoms), frame.py(change), int(atoms), temperature, change)
        for temperature, column in zip(convergence.temperatures_K, changes.T, strict=True)
        for atoms, change in zip(n_atoms, column, strict=True)
    ]
    tolerance = [
        Markup('<path class="limit" d="M{:.1f},{:.1f}H{:.1f}"/>').format(
            frame.px(frame.x.low), frame.py(percent), frame.px(frame.x.high)
        )
        for percent in (-100 * convergence.tolerance, 100 * convergence.tolerance)
    ]
    description = (
        f"Heat capacity relative to that of the largest supercell, for supercells of "
        f"{', '.join(f'{each:.0f}' for each in n_atoms)} atoms; dashed: the tolerance of "
        f"{100 * convergence.tolerance:g} %."
    )
    circles = Markup('<g class="points">{}</g>').format(Markup("").join(points))
    content = [*tolerance, *curves, circles]
    return frame.draw(name, "Convergence with the supercell", description, content)
