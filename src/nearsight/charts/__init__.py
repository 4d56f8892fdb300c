"""What is drawn of a quantity, described once: `nearsight.reports.svg` and `on_axes` draw it."""
