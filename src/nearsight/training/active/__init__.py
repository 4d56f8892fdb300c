"""Learning a crystal from fragments of it that its own dynamics choose."""
