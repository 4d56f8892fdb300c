"""Figures of phonons that a record has, for pages of records that were read."""

from collections.abc import Sequence

import numpy as np

from nearsight.charts.chart import Chart
from nearsight.records.questions import HeatCapacityRecord, PhononsRecord
from nearsight.records.spectra import BandsPart, DensityOfStatesPart, MeshSpectrum
from nearsight.reports.subjects.subject import Figure
from nearsight.units import eigenvalues_from_wavenumbers
from nearsight.vibrations.band_structure import BandSegment, bands_chart
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, FrequencyUnit
from nearsight.vibrations.mesh_density_of_states import density_chart


def recorded_charts(record: HeatCapacityRecord | PhononsRecord) -> Sequence[Figure]:
    """Return the density of states and the bands that a record has."""
    unit = FREQUENCY_UNITS[record.frequency_unit]
    figures: list[Figure] = []
    if isinstance(record, PhononsRecord) and record.density_of_states is not None:
        figures.append((_density_chart(record, record.density_of_states, unit), ""))
    if record.bands is not None:
        figures.append((_bands_chart(record.bands, unit), ""))
    return figures


def _density_chart(record: PhononsRecord, part: DensityOfStatesPart, unit: FrequencyUnit) -> Chart:
    elements = {name: np.array(states) for name, states in part.by_element_states_per_THz.items()}
    spectrum = record.spectrum
    stable = isinstance(spectrum, MeshSpectrum) and spectrum.share_imaginary == 0
    # The Gaussians of acoustic modes reach below zero, where nothing is.
    return density_chart(
        np.array(part.frequencies_THz),
        np.array(part.total_states_per_THz),
        unit,
        elements,
        lowest_THz=0.0 if stable else None,
    )


def _bands_chart(part: BandsPart, unit: FrequencyUnit) -> Chart:
    segments = [
        BandSegment(
            each.start,
            each.end,
            np.array(each.qpoints),
            np.array(each.distances_per_A),
            eigenvalues_from_wavenumbers(np.array(each.wavenumbers_per_cm)),
        )
        for each in part.segments
    ]
    return bands_chart(segments, unit)
