"""A pytest plugin that puts our backend in the place of eth-tester's own, for suites that know nothing of it.

`scripts/suites` loads it. A backend that is asked for another genesis, or for other rules than Prague's, stays the
stock one: an embedded chain has one genesis and one set of rules.
"""

from __future__ import annotations

from typing import Any

import eth_tester
from eth_tester import EthereumTester
from eth_tester.backends.pyevm.main import PyEVMBackend, get_default_account_keys
from web3.providers import eth_tester as providers

from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.evm.tester import EmbeddedTesterBackend, _Tester, tester_provider

_CHAIN_ID, _BALANCE, _GAS_LIMIT = 131_277_322_940_537, 10**24, 30_029_122
"""Those of eth-tester's own genesis."""
_START = 1_700_000_000


def backend() -> EmbeddedTesterBackend:
    """Return our backend with the accounts of eth-tester's own."""
    keys = get_default_account_keys()
    alloc = {key.public_key.to_canonical_address(): GenesisAccount(balance=_BALANCE) for key in keys}
    genesis = Genesis(chain_id=_CHAIN_ID, timestamp=_START, alloc=alloc, gas_limit=_GAS_LIMIT)
    return EmbeddedTesterBackend(EmbeddedChain(genesis), [key.to_bytes() for key in keys])


class _Backend(PyEVMBackend):  # type: ignore[misc]  # eth-tester has no types
    """The stock backend, or ours where nothing is asked of it."""

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        return PyEVMBackend(*arguments, **named) if arguments or named else backend()


def _begin(self: _Tester, given: Any = None, *arguments: Any, **named: Any) -> None:
    """Begin with our backend unless told otherwise."""
    EthereumTester.__init__(self, named.pop("backend", given) or backend(), *arguments, **named)


class _Provider(providers.EthereumTesterProvider):
    """The provider, with the chain's own id and gas price where the chain is ours."""

    def __init__(self, tester: Any = None, endpoints: Any = None) -> None:
        tester = tester or _Tester()
        if isinstance(tester.backend, EmbeddedTesterBackend):
            endpoints = endpoints or tester_provider(tester.backend.embedded).api_endpoints
        super().__init__(tester, endpoints)


_Tester.__init__ = _begin  # type: ignore[method-assign]
eth_tester.PyEVMBackend, eth_tester.EthereumTester = _Backend, _Tester
providers.EthereumTesterProvider = _Provider  # type: ignore[misc]
