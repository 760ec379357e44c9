"""The audit: a history as a bundle of files, and its proof from the files alone, without trust in anybody.

Only `extract` sees the producer's chain. Everything else reads files: `bundle` their form, `writing` how they come to
their place, `encoding` and `blocks` the block headers and bodies, `receipts` the outcomes that receipts state,
`engines` the re-execution, `independent` the engines of others in processes of their own, `ledger` the books,
`verify` the ladder of checks over them, `report` their outcomes. `chain_file` checks the chain of any other network,
with the rules that `forks` reads from its genesis.
"""

from pysettle.curves import postpone

postpone()  # before any module imports py-evm
