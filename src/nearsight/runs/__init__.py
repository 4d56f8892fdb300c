"""Many structures, one after the other: where their records, tables, pages and structures go."""
