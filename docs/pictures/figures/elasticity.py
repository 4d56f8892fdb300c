"""Elastic constants of quartz with clamped and relaxed ions, and Young's modulus."""

from pathlib import Path

from crystals import QUARTZ, sevennet
from matplotlib.figure import Figure

from nearsight.charts.on_axes import draw as draw_chart
from nearsight.workflows import ElasticSettings, elastic

CONSTANTS = {
    "C11": (0, 0),
    "C33": (2, 2),
    "C44": (3, 3),
    "C66": (5, 5),
    "C12": (0, 1),
    "C13": (0, 2),
    "C14": (0, 3),
}


def draw(path: Path) -> None:
    """Draw the constants beside the figure of `nearsight elastic`."""
    tensor = elastic(QUARTZ, sevennet(), ElasticSettings(conventional_axes=True)).results.tensor
    figure = Figure(figsize=(9.2, 4.4), layout="constrained")
    left = figure.add_subplot(1, 2, 1)
    for place, (label, values) in enumerate(
        {"clamped ions": tensor.clamped_ion_GPa, "relaxed ions": tensor.relaxed_ion_GPa}.items()
    ):
        at = [n + 0.38 * (place - 0.5) for n in range(len(CONSTANTS))]
        bars = left.bar(at, [values[each] for each in CONSTANTS.values()], 0.38, label=label)
        left.bar_label(bars, fmt=lambda value: f"{round(value)}", fontsize="small")
    left.set_xticks(range(len(CONSTANTS)), list(CONSTANTS))
    left.axhline(0.0, color="k", linewidth=0.6)
    left.margins(y=0.08)
    left.set(ylabel="elastic constant / GPa")
    left.legend()
    right = figure.add_subplot(1, 2, 2, projection="polar")
    draw_chart(tensor.chart(), right)
    figure.savefig(path)
