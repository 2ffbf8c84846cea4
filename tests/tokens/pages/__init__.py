"""The pages of exchanges and API tokens."""
