"""Symmetry functions as lines of `input.nn`."""

from collections.abc import Mapping
from dataclasses import dataclass

from nearsight.errors import MethodError
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.files import keywords
from nearsight.hdnnp.files.input_nn import InputNN
from nearsight.hdnnp.files.lines import Line, shown
from nearsight.hdnnp.symmetry_functions import (
    NARROW,
    RADIAL,
    WIDE,
    AngularFunction,
    RadialFunction,
    SymmetryFunction,
    network_order,
)

_OTHER_KINDS = {
    12: "weighted radial functions",
    13: "weighted angular functions",
    20: "radial functions of compact support",
    21: "angular functions of compact support, narrow",
    22: "angular functions of compact support, wide",
    23: "weighted radial functions of compact support",
    24: "weighted angular functions of compact support, narrow",
    25: "weighted angular functions of compact support, wide",
}
_N_WORDS = {RADIAL: (6,), NARROW: (8, 9), WIDE: (8, 9)}


@dataclass(frozen=True)
class _Cutoffs:
    """How cutoff functions are said: one kind for all, or numbered ones (RuNNer 2)."""

    kind: int
    inner: float
    numbered: Mapping[int, CutoffFunction] | None

    def of(self, line: Line, index: int) -> CutoffFunction:
        """Return the cutoff function that the word at `index` of a line says."""
        if self.numbered is None:
            return CutoffFunction(self.kind, self.inner, line.real(index, "the cutoff radius"))
        number = line.count(index, "the number of the cutoff function")
        if number not in self.numbered:
            raise line.error(
                f"there is no cutoff function {number}; add its line, such as "
                f"“fc_cosine {number} 0.0 12.0”."
            )
        return self.numbered[number]


def symmetry_functions(
    said: InputNN, symbols: tuple[str, ...]
) -> dict[str, tuple[SymmetryFunction, ...]]:
    """Return the symmetry functions of each element, in the order of `network_order`.

    Raises
    ------
    ModelError
        A line is not understood, of a kind that is not computed here, or of another element; or an
        element has none.
    """
    cutoffs = _numbered(said) if said.is_runner_2 else _of_one_kind(said)
    functions: dict[str, list[SymmetryFunction]] = {symbol: [] for symbol in symbols}
    for line in said.all("symfunction_short"):
        try:
            function = _function(line, symbols, cutoffs)
        except MethodError as error:
            raise line.error(f"{error} Correct the line.") from error
        functions[function.centre].append(function)
    for symbol, those in functions.items():
        if not those:
            raise said.error(
                f"no “symfunction_short” is of {symbol}; add those that its network was trained "
                f"with, or take the element out."
            )
    return {symbol: tuple(sorted(those, key=network_order)) for symbol, those in functions.items()}


def _function(line: Line, symbols: tuple[str, ...], cutoffs: _Cutoffs) -> SymmetryFunction:
    centre = _element(line, 1, symbols)
    kind = line.count(2, "the kind of a symmetry function")
    if kind not in _N_WORDS:
        what = _OTHER_KINDS.get(kind, "others than 2, 3 and 9")
        raise line.error(
            f"symmetry functions of kind {kind} ({what}) are not computed by Nearsight; use the "
            f"program that the potential is from."
        )
    numbered = cutoffs.numbered is not None
    allowed = _N_WORDS[kind][:1] if numbered else _N_WORDS[kind]
    if len(line.arguments) not in allowed:
        raise line.error(
            f"a symmetry function of kind {kind} has {' or '.join(map(str, allowed))} words behind "
            f"“{line.keyword}”, not {len(line.arguments)}; correct the line."
        )
    if kind == RADIAL:
        neighbour = _element(line, 3, symbols)
        eta, shift = line.real(4, "eta"), line.real(5, "the shift")
        return RadialFunction(centre, neighbour, eta, shift, cutoffs.of(line, 6))
    neighbours = (_element(line, 3, symbols), _element(line, 4, symbols))
    sign = line.real(6, "lambda")
    if sign not in {1.0, -1.0}:
        raise line.error(f"lambda is 1 or -1, not {sign:g}; correct the line.")
    return AngularFunction(
        kind,
        centre,
        neighbours,
        eta=line.real(5, "eta"),
        sign=int(sign),
        zeta=line.real(7, "zeta"),
        shift=line.real(9, "the shift") if len(line.arguments) == 9 else 0.0,
        cutoff=cutoffs.of(line, 8),
    )


def _element(line: Line, index: int, symbols: tuple[str, ...]) -> str:
    symbol = line.words[index] if index < len(line.words) else ""
    if symbol not in symbols:
        raise line.error(
            f"{shown(symbol)} is none of the elements of “elements” ({', '.join(symbols)}); "
            f"correct one of the two."
        )
    return symbol


def _of_one_kind(said: InputNN) -> _Cutoffs:
    line = said.required("cutoff_type")
    if len(line.arguments) not in {1, 2}:
        raise line.error(
            "“cutoff_type” has a number from 0 to 8 behind it and, if there is one, the inner "
            "share of the radius; correct the line."
        )
    kind = line.count(1, "“cutoff_type”")
    inner = line.real(2, "the inner share of “cutoff_type”") if len(line.arguments) == 2 else 0.0
    try:
        CutoffFunction(kind, inner, 1.0)
    except MethodError as error:
        raise line.error(f"{error} Correct the line.") from error
    return _Cutoffs(kind, inner, None)


def _numbered(said: InputNN) -> _Cutoffs:
    """Return the cutoff functions of RuNNer 2, whose inner radius is a length."""
    old = said.one("cutoff_type")
    if old is not None:
        raise old.error(
            "“cutoff_type” is of RuNNer 1 and n2p2, other lines are of RuNNer 2; a file is of one "
            "of them: take out what does not belong to it."
        )
    numbered: dict[int, CutoffFunction] = {}
    for keyword, lines in said.lines.items():
        if not keyword.startswith(keywords.CUTOFF_PREFIX):
            continue
        for line in lines:
            number = line.count(1, "the number of a cutoff function")
            if number in numbered:
                raise line.error(f"there are two cutoff functions {number}; take one out.")
            numbered[number] = _cutoff_of_runner_2(line)
    return _Cutoffs(-1, 0.0, numbered)


def _cutoff_of_runner_2(line: Line) -> CutoffFunction:
    kind = keywords.RUNNER_2_CUTOFFS.get(line.keyword.removeprefix(keywords.CUTOFF_PREFIX))
    if kind is None:
        known = ", ".join(keywords.CUTOFF_PREFIX + name for name in keywords.RUNNER_2_CUTOFFS)
        raise line.error(
            f"the formula of RuNNer 2's cutoff function “{line.keyword}” is not known here, only "
            f"that of {known}; use RuNNer."
        )
    if len(line.arguments) not in {2, 3}:
        raise line.error(
            f"“{line.keyword}” has its number, an inner radius and a radius behind it; correct the "
            f"line."
        )
    radius = line.real(len(line.words) - 1, "the radius")
    start = line.real(2, "the inner radius") if len(line.arguments) == 3 else 0.0
    try:
        return CutoffFunction(kind, start / radius if radius else 0.0, radius)
    except MethodError as error:
        raise line.error(f"{error} Correct the line.") from error
