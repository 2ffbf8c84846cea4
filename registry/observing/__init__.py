"""What an administrator sees of a running registry from outside: request ids, log lines, metrics."""
