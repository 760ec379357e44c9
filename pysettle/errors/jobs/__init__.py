"""What orders of batch compute refuse."""
