"""Figures of phonons against a reference: rainclouds of errors, and band structures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

Record = dict[str, Any]


def draw_clouds(
    errors: Mapping[tuple[str, str], Mapping[str, NDArray[np.float64]]],
    quantities: Mapping[str, tuple[str, str]],
) -> Figure:
    """Return rainclouds of the errors of each quantity: half violins, boxes and every point.

    `errors` are by model and route, and then by quantity.
    """
    figure = Figure(figsize=(3.2 * len(quantities), 1.2 + 0.75 * len(errors)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(quantities), sharey=True))
    models = list(dict.fromkeys(model for model, _ in errors))
    for ax, (key, (label, unit)) in zip(axes, quantities.items(), strict=True):
        for row, ((model, _), of) in enumerate(errors.items()):
            draw_cloud(ax, -float(row), of[key], f"C{models.index(model)}")
        ax.axvline(0.0, color="grey", linewidth=0.8, zorder=0)
        ax.set_xlabel(f"error of {label} ({unit})")
    axes[0].set_yticks(
        [-float(row) for row in range(len(errors))],
        [f"{model}\n{route}" for model, route in errors],
        fontsize=8,
    )
    axes[0].set_ylim(-len(errors) + 0.45, 0.6)
    return figure


def draw_cloud(ax: Axes, height: float, values: NDArray[np.float64], color: str) -> None:
    """Draw the half violin above `height`, the box on it, and the points below."""
    if np.ptp(values) > 0:
        parts = ax.violinplot(
            values,
            [height + 0.1],
            orientation="horizontal",
            widths=0.8,
            side="high",
            showextrema=False,
        )
        for body in parts["bodies"]:
            body.set_facecolor(color)
            body.set_alpha(0.4)
    ax.boxplot(
        values,
        positions=[height],
        orientation="horizontal",
        widths=0.12,
        showfliers=False,
        manage_ticks=False,
        boxprops={"color": color},
        whiskerprops={"color": color},
        capprops={"color": color},
        medianprops={"color": "black"},
    )
    rain = height - 0.2 + 0.1 * (np.random.default_rng(0).random(len(values)) - 0.5)
    ax.plot(values, rain, ".", color=color, markersize=4, alpha=0.8)


def draw_bands(
    names: Mapping[str, str], found: Mapping[str, Mapping[str, Record]], route: str
) -> Figure:
    """Return band structures, those of each model over those of DFT.

    `names` are titles by crystal, `found` records by model and crystal.
    """
    figure = Figure(figsize=(5 * len(found), 3.4 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), len(found), squeeze=False)
    for row, (name, title) in zip(axes, names.items(), strict=True):
        for ax, (index, (model, of)) in zip(row, enumerate(found.items()), strict=True):
            draw_crystal(ax, of[name]["dft"]["bands"], "black", "DFT (PBEsol)", 1.2)
            draw_crystal(ax, of[name][route]["bands"], f"C{index}", f"{model}, {route}", 0.9)
            ax.set_title(title, fontsize=9)
            ax.set_ylim(top=1.15 * ax.get_ylim()[1])  # room for the legend
            ax.legend(fontsize=7, loc="upper center", ncols=2)
        row[0].set_ylabel("frequency (THz)")
    return figure


def draw_crystal(ax: Axes, bands: Record, color: str, label: str, linewidth: float) -> None:
    """Draw the bands of one crystal over the path, scaled to the length 1, with its labels."""
    end = bands["distances"][-1][-1]
    for segment, (distances, frequencies) in enumerate(
        zip(bands["distances"], bands["frequencies_THz"], strict=True)
    ):
        x = np.array(distances) / end
        lines = ax.plot(x, frequencies, color=color, linewidth=linewidth)
        if segment == 0:
            lines[0].set_label(label)
    places, labels = ticks(bands)
    ax.set_xticks([place / end for place in places], labels)
    for place in places:
        ax.axvline(place / end, color="grey", linewidth=0.4, zorder=0)
    ax.axhline(0.0, color="grey", linewidth=0.4, zorder=0)
    ax.set_xlim(0.0, 1.0)


def ticks(bands: Record) -> tuple[list[float], list[str]]:
    """Return where the special points are, and what they are called.

    The labels are in order; where two segments do not meet, the end of one and the beginning of
    the other are at one place.
    """
    remaining: Sequence[str] = bands["labels"]
    places, names = [float(bands["distances"][0][0])], [remaining[0]]
    position = 1
    for distances, connected in zip(bands["distances"], bands["connected"], strict=True):
        name = remaining[position]
        position += 1
        if not connected and position < len(remaining):
            name += f"|{remaining[position]}"
            position += 1
        places.append(float(distances[-1]))
        names.append(name)
    return places, names
