"""Channels: vouchers, usage and the deliveries they pay for."""
