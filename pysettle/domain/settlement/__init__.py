"""Settlement across borders: participants, and their positions in each currency."""
