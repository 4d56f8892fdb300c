"""Second derivatives by positions: how they are computed, kept and checked."""
