"""What lockers refuse."""
