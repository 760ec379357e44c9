"""The machine room: chain backends, compiler, artifacts, transactions and reverts. It knows no settlement rule."""

from pysettle.curves import postpone

postpone()  # before any module imports py-evm
