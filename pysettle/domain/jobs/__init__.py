"""Orders of batch compute by milestones."""
