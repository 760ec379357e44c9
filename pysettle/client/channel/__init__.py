"""Wrappers of the hub and the meter, and deliveries seen from a provider."""
