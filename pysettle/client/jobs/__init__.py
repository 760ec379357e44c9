"""The wrapper of job orders."""
