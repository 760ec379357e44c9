"""The audit: a history as a bundle of files, and its proof from the files alone, without trust in anybody.

Only `extract` sees the producer's chain. Everything else reads files: `bundle` their form, `writing` how they come to
their place, `encoding` and `blocks` the block headers and bodies, `receipts` the outcomes that receipts state,
`engines` the re-execution, `ledger` the books, `verify` the ladder of checks over them, `report` their outcomes.
"""
