"""The terminal: the progress line, the filter of log lines, and signals."""
