"""Scripted runs of the network, built from the client and the audit alone, and the usage they deliver."""
