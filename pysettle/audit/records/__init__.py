"""Records of a history as rows: of transactions, events, postings and statements; their index, and files of them.

An auditor's index is filled by a verification (`filling`), that of a workspace by its own chain (`following`). Both
have the same tables, so that the same questions and the same files come from either.
"""
