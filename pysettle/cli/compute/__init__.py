"""Commands on the market of Tokens: compute, stakes, series and purchases."""
