"""The machine room: chain backends, compiler, artifacts, transactions and reverts. It knows no settlement rule."""
