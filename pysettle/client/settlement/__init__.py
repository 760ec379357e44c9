"""The wrappers of settlement across borders."""
