"""What is served over HTTP: the guards of every server, and the gateway."""
