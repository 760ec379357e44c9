"""An OpenAI-compatible API that sells by the Token and is paid through x402, in e-CNY.

`sdk` alone knows the official SDK of x402. `service` decides, `ledger` remembers, `app` speaks HTTP.
"""

from pysettle.curves import postpone

postpone()  # before any module imports the SDK, and with it eth-account
