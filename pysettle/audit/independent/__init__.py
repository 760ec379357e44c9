"""Independent engines: other people's implementations of Ethereum, each in a process and an environment of its own.

`catalogue` knows which there are, and installs them; `race` runs them on a chain and compares. `eels_driver.py` and
`ethereumjs_driver.mjs` are run by the environments of the engines, and are never imported. An engine reads files and
executes with its own RLP, tries and rules: no code of this package takes part in the execution.
"""
