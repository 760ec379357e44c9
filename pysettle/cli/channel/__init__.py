"""Commands on channels, and the rows of their claims."""

TITLE = "Channels"
NOUNS = {"channel": "Pay for usage by signed vouchers."}
