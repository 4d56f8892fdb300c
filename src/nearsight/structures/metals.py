"""Which elements are metals, and which charges their ions have."""

from ase.data import atomic_numbers

# The most common charge first.
_CHARGES = (
    "Li1 Na1 K1 Rb1 Cs1 Be2 Mg2 Ca2 Sr2 Ba2 Al3 Ga3 In31 Tl13 Sn24 Pb24 Bi3 "
    "Sc3 Ti43 V435 Cr326 Mn2347 Fe23 Co23 Ni23 Cu21 Zn2 Y3 Zr4 Nb54 Mo6245 Tc47 Ru23 Rh23 Pd24 Ag1 "
    "Cd2 Hf4 Ta5 W645 Re435 Os423 Ir34 Pt24 Au13 Hg21 La3 Ce34 Pr34 Nd3 Pm3 Sm32 Eu32 Gd3 Tb34 "
    "Dy3 Ho3 Er3 Tm3 Yb32 Lu3 Fr1 Ra2 Ac3 Th4 Pa54 U6453 Np5463 Pu4356 Am3 Cm3"
)

ION_CHARGES: dict[int, tuple[int, ...]] = {
    atomic_numbers[entry.rstrip("0123456789")]: tuple(
        int(digit) for digit in entry if digit.isdigit()
    )
    for entry in _CHARGES.split()
}
"""Atomic number: charges of the metal's ions, the most common one first. Its keys are the metals.

Boron, silicon, germanium, arsenic, antimony and tellurium bind as nonmetals do here.
"""

METALS = frozenset(ION_CHARGES)
