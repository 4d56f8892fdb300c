"""How far atoms see, as text at most 80 columns wide."""

from nearsight.locality.comparison import FAR_DISTANCES_A, LocalityComparison
from nearsight.locality.convergence import Shell, SiteConvergence
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.printable import printable_name
from nearsight.records.locality_results import LocalityResults
from nearsight.tables.lines import print_line, print_structure_line

_HEADER = "r_frag / Å  atoms  caps  ‖G'‖ / eV/Å²  ‖Δf‖ / eV/Å"


def print_locality(entry: LocalityResults) -> None:
    """Print the radius of each site, how it came about, and what follows from all."""
    found = entry.locality
    identity = found.provenance.model
    computation = found.sites[0].computation
    print(f"\n{printable_name(entry.name)}")
    print_structure_line(entry.atoms.get_chemical_formula(), len(entry.atoms))
    print_line("method", f"{identity.name}, {identity.dtype}, {identity.device}")
    step = "" if computation.step_A is None else f", step {computation.step_A:g} Å"
    print_line("rows", f"of each site only, {computation.method}{step} ({computation.reason})")
    print_line("threshold", f"‖G'‖ ≤ {found.threshold_eV_per_A2:g} eV/Å²")
    for site in found.sites:
        _print_site(site)
    print()
    print_line(
        "forces",
        f"reach {found.force_range_A:.3f} Å: fragments of that radius are enough for every site "
        f"above; an atom-centred potential learns such forces with a cutoff of "
        f"{found.cutoff_A:.3f} Å",
    )
    pairs = ", ".join(f"{'-'.join(each.elements)} {each.range_A:.2f}" for each in found.ranges())
    print_line("ranges", f"beyond which ‖h‖ < {NEGLIGIBLE_EV_PER_A2:g} eV/Å², in Å: {pairs}")
    for fragment, file in zip(found.fragments, entry.files, strict=True):
        where = "" if file is None else f", in {file}"
        print_line(
            "fragment",
            f"around {fragment.centre}: {len(fragment.atoms)} atoms, {fragment.n_central} of them "
            f"central{where}",
        )


def _print_site(site: SiteConvergence) -> None:
    n_alike = len(site.equivalent_atoms)
    alike = "" if n_alike == 1 else f", {n_alike} atoms alike"
    print(f"\n  {site.element}{site.site}{alike}: r_frag = {site.r_frag_A:.3f} Å")
    print(f"    {_HEADER}")
    for index, shell in enumerate(site.shells):
        mark = " <-- converged" if shell is site.converged else ""
        print(f"    {_line(shell, reference=index == 0)}{mark}")


def _line(shell: Shell, *, reference: bool) -> str:
    size = f"{shell.radius_A:10.3f} {len(shell.fragment.atoms):6d} {shell.fragment.n_caps:5d}"
    if reference:
        return f"{size}      reference             "
    return f"{size} {shell.group_norm_eV_per_A2:14.3f} {shell.force_error_eV_per_A:13.4f}"


def print_comparison(compared: LocalityComparison) -> None:
    """Print the radii by a model beside those by its reference, and what is felt far away."""
    print(f"\n  {compared.model} beside {compared.reference}")
    beyond = "".join(f"{f'> {distance:g} Å':>9}" for distance in FAR_DISTANCES_A)
    print("          r_frag / Å          felt there, model / reference   out of reach")
    print(f"  {'site':<6} {'model':>8} {'reference':>10}{beyond}   {'eV/Å²':>12}")
    for site in compared.sites:
        ratios = "".join(
            f"{'-' if ratio is None else f'{ratio:.2f}':>9}"
            for ratio in map(site.far_ratio, FAR_DISTANCES_A)
        )
        print(
            f"  {f'{site.element}{site.site}':<6} {site.model_r_frag_A:8.3f} "
            f"{site.reference_r_frag_A:10.3f}{ratios}   {site.unseen_eV_per_A2:12.3f}"
        )
