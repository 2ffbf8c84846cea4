"""Pages for developers: what people are sent, without sending it. They are there while DEBUG is on, and not else."""
