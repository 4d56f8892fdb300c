"""Which elements are metals, and which charges their ions usually have."""

from ase.data import atomic_numbers

_USUAL = (
    "Li1 Na1 K1 Rb1 Cs1 Be2 Mg2 Ca2 Sr2 Ba2 Al3 Ga3 In3 Tl1 Sn2 Pb2 Bi3 "
    "Sc3 Ti4 V4 Cr3 Mn2 Fe2 Co2 Ni2 Cu2 Zn2 Y3 Zr4 Nb5 Mo6 Ru2 Rh2 Pd2 Ag1 Cd2 Hf4 Ta5 W6 Re4 Os4 "
    "Ir3 Pt2 Au1 Hg2 La3 Ce3 Pr3 Nd3 Pm3 Sm3 Eu3 Gd3 Tb3 Dy3 Ho3 Er3 Tm3 Yb3 Lu3 Th4 Pa5 U6 Np5 "
    "Pu4 Am3 Cm3"
)

USUAL_CHARGES: dict[int, int] = {
    atomic_numbers[entry.rstrip("0123456789")]: int(entry[-1]) for entry in _USUAL.split()
}
"""Atomic number: charge of the metal's most common ion. Its keys are the metals.

Boron, silicon, germanium, arsenic, antimony and tellurium bind as nonmetals do here.
"""

METALS = frozenset(USUAL_CHARGES)
