"""Results as text: lines and tables for a terminal, and the same numbers as CSV."""
