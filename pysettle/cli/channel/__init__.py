"""Commands on channels, and the rows they claim."""
