"""A Sigstore on this machine: it certifies whatever workload a test names, and logs what that signs."""
