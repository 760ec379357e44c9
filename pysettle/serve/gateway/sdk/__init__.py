"""The one room that knows the official SDK of x402: its headers and messages, its checks and facilitators.

Private names of the SDK are used here and nowhere else, so that a new version of it is a change of this folder.
"""
