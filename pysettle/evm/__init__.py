"""The machine room: chain backends, compiler, artifacts, transactions, reverts and logs. It knows no settlement rule."""
