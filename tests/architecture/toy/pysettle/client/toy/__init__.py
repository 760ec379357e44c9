"""Lockers: their part of a network's plan, and their wrapper."""
