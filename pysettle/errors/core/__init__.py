"""What roles, token standards and the libraries beneath every contract refuse."""
