"""Commands on e-CNY and further currencies: reserve, tokens, redemptions, wallets and interest."""
