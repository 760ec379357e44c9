"""Errors of settlement."""
