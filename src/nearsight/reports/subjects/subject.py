"""What is to be known of a kind of record before a page can show it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nearsight.charts.chart import Chart
from nearsight.records.base import CalculatedRecord
from nearsight.reports.provenance import Group, Lines, hessian_groups
from nearsight.reports.sections import Section, Slot

if TYPE_CHECKING:
    from nearsight.adsorption.isosurface import Mesh

Figure = tuple[Chart, str]
"""A chart, and what is to be said below it."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A surface that is drawn around the structure in 3D."""

    mesh: "Mesh"
    """In fractional coordinates of the cell."""
    color: str
    opacity: float
    label: str
    """What a legend says of it."""


Reported = TypeVar("Reported", bound=CalculatedRecord)


def _no_lines(_: CalculatedRecord) -> Lines:
    return []


def _no_values(_: CalculatedRecord) -> Mapping[str, Any]:
    return {}


def _no_charts(_: CalculatedRecord) -> Sequence[Figure]:
    return ()


def _no_surfaces(_: CalculatedRecord) -> Sequence["Surface"]:
    return ()


def _no_section(_: CalculatedRecord, __: Slot) -> Section | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Subject(Generic[Reported]):
    """What a page shows of one kind of record; each part is a function of such a record."""

    what: str
    """Such as ``Elastic tensor``."""
    plural: str
    """What a page of several is about."""
    numbers: Callable[[Reported], Lines] = _no_lines
    """Those that are in no table of their own, as labelled lines with units."""
    charts: Callable[[Reported], Sequence[Figure]] = _no_charts
    """Figures of a page that is else of numbers; some are of a record that has just been made."""
    surfaces: Callable[[Reported], Sequence[Surface]] = _no_surfaces
    """What is drawn in 3D beside the atoms of a record that has just been made."""
    tables: Callable[[Reported], Mapping[str, Any]] = _no_values
    """What the template needs for tables of heat capacities and thermodynamic functions."""
    overview: Callable[[Reported], Mapping[str, Any]] = _no_values
    """Fields of a section that not every record has."""
    derivatives: Callable[[Reported], list[Group]] = hessian_groups
    """Where its second derivatives come from."""
    conventions: Callable[[Reported], Lines] = _no_lines
    """What its numbers depend on beside settings."""
    drawn: Callable[[Reported, Slot], Section | None] = _no_section
    """A section of its own of a record that has just been made; None where there is none."""
