"""Small labelled data, made once."""

import pytest

from labelled_clusters import labelled_clusters
from nearsight.training.labelled import LabelledData, labelled_data


@pytest.fixture(scope="session")
def clusters() -> LabelledData:
    return labelled_data(labelled_clusters())
