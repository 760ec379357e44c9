"""Wrappers of the currency and of interest."""
