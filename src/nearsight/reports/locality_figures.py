"""The charts of a locality: what is felt over distance, and what is lost over the radius."""

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from nearsight.locality.convergence import SiteConvergence
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.reports.palette import element_colors
from nearsight.reports.svg import Axis, Frame

_LOWEST_EV_PER_A2 = 1e-4
"""What is felt less is drawn there."""


def interactions_svg(site: SiteConvergence, name: str) -> Markup:
    """Draw ‖h_AB‖ over distance for the atoms of the reference fragment, by element."""
    atoms = site.reference.atoms
    others = np.arange(len(atoms)) != site.reference.site
    distances = site.distances_A[others]
    logarithms = np.log10(np.maximum(site.reference_norms_eV_per_A2[others], _LOWEST_EV_PER_A2))
    symbols = np.array(atoms.get_chemical_symbols())[others]
    colors = element_colors(symbols.tolist())
    frame = Frame(
        Axis(0.0, 1.04 * float(distances.max()), "distance / Å"),
        _decades(float(logarithms.min()), float(logarithms.max()), "‖h‖ / eV Å⁻²"),
    )
    dots = [
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="2.6" fill="{}" fill-opacity=".75"/>').format(
            frame.px(float(x)), frame.py(float(y)), colors[str(symbol)]
        )
        for x, y, symbol in zip(distances, logarithms, symbols, strict=True)
    ]
    limit = _limit(frame, NEGLIGIBLE_EV_PER_A2, "negligible")
    description = (
        f"Interaction of {site.element}{site.site} with {len(distances)} atoms up to "
        f"{distances.max():.1f} Å away, the strongest {10 ** logarithms.max():.2g} eV/Å²."
    )
    return frame.draw(name, "Interactions over distance", description, [limit, *dots])


def convergence_svg(
    sites: Sequence[SiteConvergence], threshold_eV_per_A2: float, name: str
) -> Markup:
    """Draw ‖G'‖ over the radius of the fragments, a curve for each site."""
    curves = {
        f"{site.element}{site.site}": (
            np.array([shell.radius_A for shell in site.shells[1:]]),
            np.log10(
                [max(shell.group_norm_eV_per_A2, _LOWEST_EV_PER_A2) for shell in site.shells[1:]]
            ),
            site.element,
        )
        for site in sites
        if len(site.shells) > 1
    }
    radii = np.concatenate([x for x, _, _ in curves.values()])
    values = np.concatenate([y for _, y, _ in curves.values()])
    low = min(float(values.min()), math.log10(threshold_eV_per_A2))
    high = max(float(values.max()), math.log10(threshold_eV_per_A2))
    frame = Frame(
        Axis(0.0, 1.08 * max(float(radii.max()), 1.0), "fragment radius / Å"),
        _decades(low, high, "‖G′‖ / eV Å⁻²"),
    )
    colors = element_colors([element for _, _, element in curves.values()])
    drawn = [_limit(frame, threshold_eV_per_A2, "threshold")]
    for label, (x, y, element) in curves.items():
        drawn.append(
            Markup('<path class="line" d="{}" stroke="{}"/>').format(
                frame.curve(x, y), colors[element]
            )
        )
        drawn.extend(
            Markup(
                '<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"><title>{}: {:.2f} Å, {:.2g} '
                "eV/Å²</title></circle>"
            ).format(
                frame.px(float(a)), frame.py(float(b)), colors[element], label, a, 10 ** float(b)
            )
            for a, b in zip(x, y, strict=True)
        )
        drawn.append(
            Markup('<text class="note" x="{:.1f}" y="{:.1f}">{}</text>').format(
                frame.px(float(x[-1])) + 5, frame.py(float(y[-1])) - 5, label
            )
        )
    description = (
        f"Norm of the effective group matrix over the fragment radius for {', '.join(curves)}; "
        f"threshold {threshold_eV_per_A2:g} eV/Å²."
    )
    return frame.draw(name, "Convergence of fragments", description, drawn)


def _decades(low: float, high: float, label: str) -> Axis:
    """Return a logarithmic axis with a name at every power of ten."""
    bottom, top = math.floor(low), math.ceil(high)
    names = {float(power): _power(power) for power in range(bottom, top + 1)}
    return Axis(float(bottom), float(max(top, bottom + 1)), label, names)


def _power(exponent: int) -> str:
    if -2 <= exponent <= 2:
        return f"{10.0**exponent:g}"
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}"


def _limit(frame: Frame, value_eV_per_A2: float, word: str) -> Markup:
    y = frame.py(math.log10(value_eV_per_A2))
    return Markup(
        '<path class="limit" d="M{:.1f},{y:.1f}H{:.1f}"/>'
        '<text class="note" x="{:.1f}" y="{:.1f}" text-anchor="end">{}: {:g} eV Å⁻²</text>'
    ).format(
        frame.px(frame.x.low),
        frame.px(frame.x.high),
        frame.px(frame.x.high) - 2,
        y - 5,
        word,
        value_eV_per_A2,
        y=y,
    )
