"""What the page shows of each kind of record, one file a subject; `choice` has them by record."""
