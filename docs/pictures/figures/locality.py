"""What an oxygen atom of MOF-5 feels over distance, and what smaller fragments lose."""

from pathlib import Path

from crystals import MOF5, sevennet
from drawing import panels

from nearsight.charts.on_axes import draw as draw_chart
from nearsight.locality import converge_site
from nearsight.structures import read_structure
from nearsight.structures.groups import find_groups

SITE = 10


def draw(path: Path) -> None:
    """Draw block norms of the reference fragment, and both losses over the radius."""
    groups = find_groups(read_structure(MOF5))
    site = converge_site(groups, SITE, sevennet(), reference_radius_A=6.5)
    figure, (left, right) = panels(beside=2)
    draw_chart(site.interactions_chart(), left)
    shells = site.shells[1:]
    radii = [shell.radius_A for shell in shells]
    norms = [shell.group_norm_eV_per_A2 for shell in shells]
    losses = [shell.force_error_eV_per_A for shell in shells]
    right.semilogy(radii, norms, "C0o-", label="‖G′‖ / (eV/Å²)")
    right.semilogy(radii, losses, "C1s--", label="lost force ‖Δf‖ / (eV/Å)")
    right.axhline(site.threshold_eV_per_A2, color="C0", linestyle=":", linewidth=1.0)
    right.axhline(0.15, color="C1", linestyle=":", linewidth=1.0)
    right.axvline(site.r_frag_A, color="0.6", linewidth=0.8)
    right.set(xlabel="radius of the fragment / Å")
    right.legend()
    figure.savefig(path)
