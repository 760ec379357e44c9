"""Commands on orders of batch compute."""
