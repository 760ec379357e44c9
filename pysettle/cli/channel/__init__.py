"""Commands on channels, and the rows they claim."""

TITLE = "Channels"
NOUNS = {"channel": "Pay for usage by signed vouchers."}
